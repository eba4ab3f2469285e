// The bounded piece of a timeline that is in memory: sorted, unique, contiguous.
// It knows nothing about fetching or drawing.
import type { Item, TimelinePage } from "../api/types";

export type Order = "desc" | "asc";
/** A side of the list as it is shown. */
export type Side = "top" | "bottom";

/** How to continue beyond an end of the window. */
export type Edge =
  | { kind: "end" }
  | { kind: "cursor"; cursor: string }
  /** The rows beyond were dropped (or never asked for): ask around this event. */
  | { kind: "around"; eventId: string };

/** Rows kept in memory: 3,000 rows of 30 px are far below the browser's element limit. */
export const ROWS_MAX = 3000;

export interface TimelineWindow {
  readonly order: Order;
  readonly items: readonly Item[];
  readonly ids: ReadonlySet<string>;
  readonly top: Edge;
  readonly bottom: Edge;
}

export function emptyWindow(order: Order): TimelineWindow {
  return { order, items: [], ids: new Set(), top: { kind: "end" }, bottom: { kind: "end" } };
}

/** The direction in time of a side. */
export function direction(order: Order, side: Side): "older" | "newer" {
  return (side === "bottom") === (order === "desc") ? "older" : "newer";
}

function edgeOf(cursor: string | null): Edge {
  return cursor === null ? { kind: "end" } : { kind: "cursor", cursor };
}

function pageEdge(page: TimelinePage, order: Order, side: Side): Edge {
  return edgeOf(direction(order, side) === "older" ? page.older : page.newer);
}

/** A window of one page. */
export function openWindow(page: TimelinePage, order: Order): TimelineWindow {
  const { items, ids } = merge([], page.items, new Set(), order);
  return { order, items, ids, top: pageEdge(page, order, "top"), bottom: pageEdge(page, order, "bottom") };
}

/** Adds the page beyond one side, then drops rows from the far side when there are too many. */
export function extendWindow(
  window: TimelineWindow, page: TimelinePage, side: Side, rowsMax = ROWS_MAX,
): TimelineWindow {
  const { items, ids } = merge(window.items, page.items, window.ids, window.order);
  const grown: TimelineWindow = {
    order: window.order, items, ids,
    top: side === "top" ? pageEdge(page, window.order, "top") : window.top,
    bottom: side === "bottom" ? pageEdge(page, window.order, "bottom") : window.bottom,
  };
  return trimWindow(grown, side === "top" ? "bottom" : "top", rowsMax);
}

/**
 * Adds live rows. They belong at the newest side, but clocks of sources differ, so a row may
 * fall between others; a row older than the whole window is left out, it is not contiguous.
 */
export function addLive(window: TimelineWindow, live: readonly Item[], rowsMax = ROWS_MAX): TimelineWindow {
  const oldestSide: Side = window.order === "desc" ? "bottom" : "top";
  const oldestEdge = window[oldestSide];
  const oldest = window.order === "desc" ? window.items.at(-1) : window.items[0];
  const wanted = oldest && oldestEdge.kind !== "end" ? live.filter((item) => item.time >= oldest.time) : live;
  // The stream is oldest first; events of one instant must come in the window's order.
  const ordered = window.order === "desc" ? wanted.toReversed() : wanted;
  const { items, ids } = merge(window.items, ordered, window.ids, window.order);
  return trimWindow({ ...window, items, ids }, oldestSide, rowsMax);
}

/** Drops rows from one side; what was dropped is found again around the last kept row. */
export function trimWindow(window: TimelineWindow, side: Side, rowsMax = ROWS_MAX): TimelineWindow {
  if (window.items.length <= rowsMax) return window;
  const items = side === "top" ? window.items.slice(-rowsMax) : window.items.slice(0, rowsMax);
  const last = side === "top" ? items[0]! : items.at(-1)!;
  const edge: Edge = { kind: "around", eventId: last.eventId };
  return { ...window, items, ids: new Set(items.map((item) => item.eventId)), [side]: edge };
}

function merge(
  known: readonly Item[], more: readonly Item[], knownIds: ReadonlySet<string>, order: Order,
): { items: readonly Item[]; ids: ReadonlySet<string> } {
  const ids = new Set(knownIds);
  const fresh: Item[] = [];
  for (const item of more) {
    if (ids.has(item.eventId)) continue;
    ids.add(item.eventId);
    fresh.push(item);
  }
  if (fresh.length === 0) return { items: known, ids: knownIds };
  const compare = order === "desc"
    ? (a: Item, b: Item) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0)
    : (a: Item, b: Item) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0);
  fresh.sort(compare);
  return { items: join(known, fresh, compare), ids };
}

/** Joins two sorted lists; both usual cases (all before, all after) need no comparison per row. */
function join(known: readonly Item[], fresh: readonly Item[], compare: (a: Item, b: Item) => number): Item[] {
  const first = known[0];
  const last = known.at(-1);
  if (!first || !last || compare(last, fresh[0]!) <= 0) return [...known, ...fresh];
  if (compare(fresh.at(-1)!, first) <= 0) return [...fresh, ...known];
  const joined: Item[] = [];
  let i = 0;
  for (const item of known) {
    while (i < fresh.length && compare(fresh[i]!, item) < 0) joined.push(fresh[i++]!);
    joined.push(item);
  }
  return [...joined, ...fresh.slice(i)];
}
