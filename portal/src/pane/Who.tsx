// Actor, script, target, user, result: five rows, so that nobody confuses who with whom.
import type { ReactNode } from "react";
import type { EventField, Item } from "../api/types";
import { textOr, useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { durationText } from "../time/span";
import { detailText } from "../timeline/detail";
import { Attribution } from "./Attribution";
import { fieldText } from "./fields";
import type { AddTerm } from "./Value";
import { Value } from "./Value";

/** Which column the object of an event stands in, for the + and − beside it. */
function objectColumn(item: Item): string {
  if (item.group === "Dns") return "RemoteUrl";
  if (item.group === "Network") return "RemoteIP";
  if (item.actionType === "ShellCommand") return "ProcessCommandLine";
  return "FileName";
}

export function Who({ item, fields, add }: { item: Item; fields: EventField[]; add: AddTerm }) {
  const t = useText();
  const { lang } = usePrefs();
  const script = item.script ?? fieldText(fields, "InitiatingScriptPath");
  const attribution = item.attribution ?? fieldText(fields, "AttributionLevel");
  const target = fieldText(fields, objectColumn(item));
  const actorCommand = fieldText(fields, "InitiatingProcessCommandLine") ?? item.commandLine;
  return (
    <section className="pane-section">
      <h3>{t("pane.who")}</h3>
      <dl className="who">
        <Row label={t("pane.actor")}>
          {item.processName !== undefined && (
            <Value
              column="InitiatingProcessFileName" value={item.processName} add={add}
              after={item.processId !== undefined && <span className="dim">({item.processId})</span>}
            />
          )}
          {actorCommand !== undefined && <code className="command">{actorCommand}</code>}
        </Row>
        <Row label={t("pane.script")}>
          {script !== undefined && <Value column="InitiatingScriptPath" value={script} add={add} mono />}
          {attribution !== undefined && (
            <span className="dim attribution">{textOr(lang, `pane.attribution.${attribution}`, attribution)}</span>
          )}
          {attribution !== undefined && <Attribution fields={fields} />}
        </Row>
        <Row label={t("pane.target")}>
          {item.object !== undefined && <Value column={objectColumn(item)} value={target ?? item.object} shown={item.object} add={add} />}
          {item.objectDetail !== undefined && <code className="command">{detailText(item.objectDetail, item.group, t)}</code>}
        </Row>
        <Row label={t("pane.user")}>
          {item.user !== undefined && <Value column="AccountName" value={item.user} add={add} />}
        </Row>
        <Row label={t("pane.result")}>
          {item.outcome === "failed"
            ? <span className="tag fail"><span>{t("pane.failed")}{item.errorName === undefined ? "" : ` · ${item.errorName}`}</span></span>
            : <span className="result-ok">{t("pane.ok")}</span>}
          {item.durationUs !== undefined && <span className="dim"> {t("pane.took", { span: durationText(item.durationUs, lang) })}</span>}
        </Row>
      </dl>
    </section>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  const t = useText();
  const empty = Array.isArray(children) ? children.every((child) => child === false || child === undefined) : children === false;
  return <div><dt>{label}</dt><dd>{empty ? <span className="dim">{t("pane.none")}</span> : children}</dd></div>;
}
