// The timeline's state as it stands in the address bar, and nothing else.
import type { Order } from "./window";
import { DAY_MS, HOUR_MS, toIso, toMs } from "../time/time";

export const RANGES = ["1h", "24h", "7d", "30d"] as const;
export type RangeName = (typeof RANGES)[number];

/** A relative range moves with the clock; a fixed one is what a copied link holds. */
export type Range = { kind: "last"; name: RangeName } | { kind: "fixed"; from: string; to: string };

export interface TimelineState {
  q: string;
  groups: string[];
  fail: boolean;
  range: Range;
  order: Order;
  /** The event whose pane is open. */
  event: string | undefined;
  /** Keys of other versions or pages: kept, never read. */
  rest: Record<string, string>;
}

export const DEFAULT_RANGE: RangeName = "24h";
export const RANGE_MS: Record<RangeName, number> = {
  "1h": HOUR_MS, "24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS,
};

const OWN_KEYS = new Set(["q", "g", "fail", "range", "from", "to", "o", "e"]);
const GROUP_NAME = /^[A-Za-z]{1,40}$/;

export type SearchParams = Record<string, string>;

export function readState(search: SearchParams): TimelineState {
  const rest: Record<string, string> = {};
  for (const [key, value] of Object.entries(search)) if (!OWN_KEYS.has(key)) rest[key] = value;
  return {
    q: search["q"] ?? "",
    groups: [...new Set((search["g"] ?? "").split(",").filter((name) => GROUP_NAME.test(name)))],
    fail: search["fail"] === "1",
    range: readRange(search),
    order: search["o"] === "asc" ? "asc" : "desc",
    event: search["e"] || undefined,
    rest,
  };
}

function readRange(search: SearchParams): Range {
  const from = toMs(search["from"] ?? "");
  const to = toMs(search["to"] ?? "");
  if (!Number.isNaN(from) && !Number.isNaN(to) && from < to) {
    return { kind: "fixed", from: toIso(from), to: toIso(to) };
  }
  const name = RANGES.find((range) => range === search["range"]);
  return { kind: "last", name: name ?? DEFAULT_RANGE };
}

/** Defaults are left out, so that a plain timeline has a plain address. */
export function writeState(state: TimelineState): SearchParams {
  const search: SearchParams = { ...state.rest };
  if (state.q !== "") search["q"] = state.q;
  if (state.groups.length > 0) search["g"] = state.groups.join(",");
  if (state.fail) search["fail"] = "1";
  if (state.range.kind === "fixed") {
    search["from"] = shortIso(state.range.from);
    search["to"] = shortIso(state.range.to);
  } else if (state.range.name !== DEFAULT_RANGE) {
    search["range"] = state.range.name;
  }
  if (state.order === "asc") search["o"] = "asc";
  if (state.event !== undefined) search["e"] = state.event;
  return search;
}

/** Addresses keep milliseconds only, and drop zeros: `2026-11-24T06:00:00Z`. */
function shortIso(time: string): string {
  return new Date(toMs(time)).toISOString().replace(".000Z", "Z");
}

/** The two instants of a range at a moment. */
export function rangeBounds(range: Range, nowMs: number): { fromMs: number; toMs: number } {
  if (range.kind === "fixed") return { fromMs: toMs(range.from), toMs: toMs(range.to) };
  return { fromMs: nowMs - RANGE_MS[range.name], toMs: nowMs };
}

export function fixedRange(fromMs: number, toMs: number): Range {
  return { kind: "fixed", from: toIso(Math.floor(fromMs)), to: toIso(Math.ceil(toMs)) };
}

/** The same view with its range frozen and an event named: what "Copy link" copies. */
export function frozen(state: TimelineState, nowMs: number, event: string | undefined): TimelineState {
  const bounds = rangeBounds(state.range, nowMs);
  return { ...state, range: fixedRange(bounds.fromMs, bounds.toMs), event };
}

/** Address text; commas, colons and slashes stay readable. */
export function searchText(search: SearchParams): string {
  const parts = Object.entries(search).map(([key, value]) => `${encode(key)}=${encode(value)}`);
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%2F/g, "/").replace(/%20/g, "+");
}

export function parseSearch(text: string): SearchParams {
  return Object.fromEntries(new URLSearchParams(text));
}
