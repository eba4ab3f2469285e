// One row of the grid. Rows know nothing of the data around them, so that they can be memoised.
import { memo } from "react";
import type { Item } from "../api/types";
import { translator } from "../i18n/text";
import { durationText, spanText } from "../time/span";
import type { Lang, Zone } from "../time/time";
import { dayText, hms, zoneName } from "../time/time";
import { ScriptIcon } from "../ui/icons";
import { scriptLabel } from "./attribution";
import { detailText } from "./detail";
import { GroupIcon } from "./GroupIcon";
import { gapText } from "./gapText";
import { verb } from "./names";
import type { DisplayRow } from "./rows";
import { sentence } from "./sentence";

interface RowProps {
  row: DisplayRow;
  index: number;
  offset: number;
  lang: Lang;
  zone: Zone;
  selected: boolean;
  sticky: boolean;
  filtered: boolean;
}

/** The header is row 1. */
const FIRST_ROW_INDEX = 2;

export const GridRow = memo(function GridRow(props: RowProps) {
  const { row, index, offset, sticky, selected } = props;
  const place = sticky ? undefined : { transform: `translateY(${offset}px)` };
  const common = { role: "row", "aria-rowindex": index + FIRST_ROW_INDEX, style: place } as const;
  switch (row.kind) {
    case "event":
      return (
        <div
          {...common} id={`event-${row.item.eventId}`} className="grid-row event" aria-selected={selected}
          aria-label={`${hms(row.ms, props.zone)} ${sentence(row.item, props.lang)}`}
          data-event={row.item.eventId} data-failed={row.item.outcome === "failed"}
        >
          <EventCells item={row.item} ms={row.ms} deltaMs={row.deltaMs} lang={props.lang} zone={props.zone} />
        </div>
      );
    case "gap":
      return (
        <div
          {...common} id={row.eventId === undefined ? undefined : `event-${row.eventId}`} className="grid-row gap"
          aria-selected={row.eventId === undefined ? undefined : selected} data-event={row.eventId}
        >
          <span role="gridcell" aria-colspan={5}>
            <b>{gapText(row.gap, translator(props.lang), props.lang, props.zone)}</b>
          </span>
        </div>
      );
    case "day":
      return (
        <div {...common} className={sticky ? "grid-row day sticky" : "grid-row day"}>
          <span role="gridcell" aria-colspan={5}>
            {dayText(row.ms, props.zone, props.lang)} <span className="dim">{zoneName(row.ms, props.zone)}</span>
          </span>
        </div>
      );
    case "quiet":
      return (
        <div {...common} className="grid-row quiet">
          <span role="gridcell" aria-colspan={5}>
            <span>{translator(props.lang)(props.filtered ? "timeline.quiet.filtered" : "timeline.quiet", { span: spanText(row.spanMs, props.lang) })}</span>
          </span>
        </div>
      );
  }
});

function EventCells({ item, ms, deltaMs, lang, zone }: { item: Item; ms: number; deltaMs: number | null; lang: Lang; zone: Zone }) {
  const time = hms(ms, zone);
  return (
    <>
      <span role="gridcell" className="time">{time.slice(0, 8)}<small>{time.slice(8)}</small></span>
      <span role="gridcell" className="delta">{deltaMs === null ? "" : `+${spanText(Math.max(0, deltaMs), lang)}`}</span>
      <span role="gridcell" className="action"><GroupIcon group={item.group} /><span>{verb(item.actionType, lang)}</span></span>
      <span role="gridcell" className="what">
        {item.processName !== undefined && <span className="process">{item.processName}</span>}
        {item.processName !== undefined && item.object !== undefined && <span className="arrow" aria-hidden="true">→</span>}
        {item.object !== undefined && <b className="object">{item.object}</b>}
        {item.objectDetail !== undefined && <span className="detail">{detailText(item.objectDetail, item.group, translator(lang))}</span>}
      </span>
      <span role="gridcell" className="info"><Info item={item} lang={lang} /></span>
    </>
  );
}

function Info({ item, lang }: { item: Item; lang: Lang }) {
  const script = scriptLabel(item, lang);
  const hasTime = item.durationUs !== undefined && (item.group === "Network" || item.group === "Dns" || item.actionType === "ProcessTerminated");
  return (
    <>
      {item.outcome === "failed" && <span className="tag fail"><span>{item.errorName ?? item.errorCode ?? "✗"}</span></span>}
      {script !== undefined && (
        <span className="tag" title={script.title}>
          <ScriptIcon size={12} />
          <span>{script.name}{script.level !== "" && <span className="dim"> ({script.level})</span>}</span>
        </span>
      )}
      {hasTime && item.outcome === "ok" && <span className="took">{durationText(item.durationUs!, lang)}</span>}
    </>
  );
}
