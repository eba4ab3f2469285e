// What stands behind "which script did it": callers, candidates, reasons and the records that say so.
import type { EventField } from "../api/types";
import { useText } from "../i18n/text";
import { attributionDetails, scriptName } from "../timeline/attribution";
import { fieldText } from "./fields";

export function Attribution({ fields }: { fields: EventField[] }) {
  const t = useText();
  const { stack, candidates, reasons, evidence } =
    attributionDetails(fieldText(fields, "AdditionalFields"), fieldText(fields, "AttributionEvidence"));
  const callers = stack.slice(0, -1);
  return (
    <>
      {callers.length > 0 && (
        <span className="dim attribution">{t("pane.attribution.from", { script: callers.map(scriptName).join(" → ") })}</span>
      )}
      {candidates.length > 0 && (
        <ul className="attribution-list">
          {candidates.map((candidate, idx) => (
            <li key={idx}><code>{candidate.script}</code> <span className="dim">{candidate.reasons.join("; ")}</span></li>
          ))}
        </ul>
      )}
      {reasons.length > 0 && <Lines title={t("pane.attribution.why")} lines={reasons} />}
      {evidence.length > 0 && <Lines title={t("pane.attribution.evidence")} lines={evidence} />}
    </>
  );
}

function Lines({ title, lines }: { title: string; lines: string[] }) {
  return (
    <details className="attribution-list">
      <summary>{title}</summary>
      <ul>{lines.map((line, idx) => <li key={idx}>{line}</li>)}</ul>
    </details>
  );
}
