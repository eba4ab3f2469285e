// Severity of an alert: a shape and the word, so that colour is not needed.
import type { AlertSeverity } from "../api/types";
import { useText } from "../i18n/text";

export function Severity({ severity }: { severity: AlertSeverity }) {
  const t = useText();
  return <span className="severity" data-severity={severity}>{t(`alerts.severity.${severity}`)}</span>;
}
