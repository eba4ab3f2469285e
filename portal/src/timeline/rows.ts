// Turns events into the rows of the grid: events, day headings, quiet stretches, gaps.
import type { Gap, Item } from "../api/types";
import type { Zone } from "../time/time";
import { MINUTE_MS, dayNumber, toMs } from "../time/time";
import type { Order } from "./window";

/** From this long on, silence between two shown events is a row of its own. */
export const QUIET_MS_MIN = MINUTE_MS;
/** More gap rows than this would hide the events; the completeness band still shows all. */
export const GAPS_MAX = 500;

export type DisplayRow =
  | { kind: "event"; key: string; item: Item; ms: number; deltaMs: number | null }
  | { kind: "day"; key: string; ms: number }
  | { kind: "quiet"; key: string; spanMs: number }
  | { kind: "gap"; key: string; gap: Gap; eventId: string | undefined };

export function gapKey(gap: Gap): string {
  return `${gap.reason}|${gap.kind ?? ""}|${gap.from}|${gap.to}`;
}

/** Joins gap lists of several answers: unique, in time order, bounded. */
export function mergeGaps(known: readonly Gap[], more: readonly Gap[]): readonly Gap[] {
  const byKey = new Map(known.map((gap) => [gapKey(gap), gap]));
  for (const gap of more) byKey.set(gapKey(gap), gap);
  if (byKey.size === known.length) return known;
  return [...byKey.values()].sort((a, b) => (a.to < b.to ? -1 : a.to > b.to ? 1 : 0)).slice(-GAPS_MAX);
}

type Entry = { time: string; item?: Item; gap?: Gap };

export function displayRows(items: readonly Item[], gaps: readonly Gap[], order: Order, zone: Zone): DisplayRow[] {
  const entries = withGaps(items, gaps, order);
  const rows: DisplayRow[] = [];
  let day: number | null = null;
  let previousMs: number | null = null;
  for (const [i, entry] of entries.entries()) {
    const ms = toMs(entry.time);
    if (previousMs !== null) {
      const spanMs = Math.abs(previousMs - ms);
      if (spanMs >= QUIET_MS_MIN && entry.item && !entry.item.gap) {
        rows.push({ kind: "quiet", key: `q${entry.item.eventId}`, spanMs });
      }
    }
    const entryDay = dayNumber(ms, zone);
    if (entryDay !== day) {
      rows.push({ kind: "day", key: `d${entryDay}`, ms });
      day = entryDay;
    }
    // Silence before a gap is counted to the gap's start: the gap itself is no silence.
    const gap = entry.item?.gap ?? entry.gap;
    previousMs = gap && order === "desc" ? Math.min(ms, toMs(gap.from)) : ms;
    rows.push(rowOf(entry, ms, entries[order === "desc" ? i + 1 : i - 1]));
  }
  return rows;
}

function rowOf(entry: Entry, ms: number, earlier: Entry | undefined): DisplayRow {
  const gap = entry.item?.gap ?? entry.gap;
  if (gap) {
    const eventId = entry.item?.eventId;
    return { kind: "gap", key: `g${eventId ?? gapKey(gap)}`, gap, eventId };
  }
  const item = entry.item!;
  return { kind: "event", key: item.eventId, item, ms, deltaMs: earlier ? ms - toMs(earlier.time) : null };
}

/** Gaps that lie inside the shown window and have no event of their own in it. */
function withGaps(items: readonly Item[], gaps: readonly Gap[], order: Order): Entry[] {
  const entries: Entry[] = items.map((item) => ({ time: item.time, item }));
  const first = items[0];
  const last = items.at(-1);
  if (gaps.length === 0 || !first || !last) return entries;
  const [oldest, newest] = order === "desc" ? [last.time, first.time] : [first.time, last.time];
  const shown = new Set(items.flatMap((item) => (item.gap ? [gapKey(item.gap)] : [])));
  const extra = gaps.filter((gap) => gap.to >= oldest && gap.from <= newest && !shown.has(gapKey(gap)));
  if (extra.length === 0) return entries;
  const clamped = extra.map((gap) => ({ time: gap.to > newest ? newest : gap.to, gap }));
  const sign = order === "desc" ? -1 : 1;
  // Sorting is stable: events of one instant keep the server's order.
  return [...entries, ...clamped].sort((a, b) => (a.time < b.time ? -sign : a.time > b.time ? sign : 0));
}

/** The event a row stands for, when it can be selected. */
export function rowEvent(row: DisplayRow | undefined): string | undefined {
  if (row?.kind === "event") return row.item.eventId;
  return row?.kind === "gap" ? row.eventId : undefined;
}

/** Index of the next selectable row from an index in a direction; the same index at the end. */
export function nextSelectable(rows: readonly DisplayRow[], from: number, step: 1 | -1): number {
  for (let i = from + step; i >= 0 && i < rows.length; i += step) {
    if (rowEvent(rows[i]) !== undefined) return i;
  }
  return from;
}
