// The queue of alerts, newest first. j/k move, Enter opens the pane.
import { useEffect, useRef } from "react";
import type { Alert } from "../api/types";
import { useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { agoText } from "../time/span";
import { now, toMs } from "../time/time";
import { addKeys } from "../ui/keys";
import { Severity } from "./Severity";

export function AlertTable({ items, selected, onSelect }: {
  items: Alert[];
  selected: string | undefined;
  onSelect: (id: string) => void;
}) {
  const t = useText();
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    const move = (step: number) => () => {
      const names = [...(body.current?.querySelectorAll<HTMLElement>(".alert-name") ?? [])];
      const at = names.indexOf(document.activeElement as HTMLElement);
      names[Math.max(0, Math.min(names.length - 1, at + step))]?.focus();
    };
    return addKeys({ j: move(1), k: move(-1), ArrowDown: move(1), ArrowUp: move(-1) });
  }, []);
  return (
    <div className="alert-scroll" tabIndex={0} role="region" aria-label={t("alerts.title")}>
      <table className="device-table alert-table">
        <thead>
          <tr>
            <th scope="col">{t("alerts.col.severity")}</th>
            <th scope="col">{t("alerts.col.title")}</th>
            <th scope="col">{t("alerts.col.device")}</th>
            <th scope="col">{t("alerts.col.status")}</th>
            <th scope="col">{t("alerts.col.category")}</th>
            <th scope="col">{t("alerts.col.assigned")}</th>
            <th scope="col">{t("alerts.col.last")}</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {items.map((alert) => <AlertRow key={alert.id} alert={alert} selected={alert.id === selected} onSelect={onSelect} />)}
        </tbody>
      </table>
    </div>
  );
}

function AlertRow({ alert, selected, onSelect }: { alert: Alert; selected: boolean; onSelect: (id: string) => void }) {
  const t = useText();
  const { lang } = usePrefs();
  return (
    <tr data-open={selected} data-alert={alert.id}>
      <td><Severity severity={alert.severity} /></td>
      <th scope="row">
        <button type="button" className="device-name alert-name" aria-expanded={selected} onClick={() => onSelect(alert.id)}>
          <span>{alert.title}</span>
        </button>
      </th>
      <td>{alert.computerDnsName}</td>
      <td>{t(`alerts.status.${alert.status}`)}</td>
      <td>{alert.category}</td>
      <td>{alert.assignedTo ?? <span className="dim">{t("alerts.nobody")}</span>}</td>
      <td title={alert.lastEventTime}>{agoText(toMs(alert.lastEventTime), now(), lang)}</td>
    </tr>
  );
}
