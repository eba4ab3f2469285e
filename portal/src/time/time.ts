// Times for people: no Intl object per cell, no JavaScript number for order or paging.

export type Zone = "local" | "utc";
export type Lang = "en" | "ja";

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** Every zone of the last fifty years changes its offset on a quarter of an hour. */
const OFFSET_STEP_MS = 15 * MINUTE_MS;
/** Enough for months of scrolling; then the cache starts anew. */
const OFFSET_CACHE_MAX = 4096;

const offsets = new Map<number, number>();
let offsetsZone = "";

/** Milliseconds since 1970 of an RFC 3339 UTC text; digits after the millisecond are dropped. */
export function toMs(time: string): number {
  const fraction = /\.(\d+)Z$/.exec(time);
  const base = Date.parse(fraction ? `${time.slice(0, fraction.index)}Z` : time);
  return fraction ? base + Number(fraction[1]!.slice(0, 3).padEnd(3, "0")) : base;
}

/** The API's form of an instant: UTC with nine fraction digits. */
export function toIso(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000000Z");
}

export function now(): number {
  return Date.now();
}

/** Local minus UTC, in milliseconds, at an instant. */
export function localOffsetMs(ms: number): number {
  const step = Math.floor(ms / OFFSET_STEP_MS);
  const known = offsets.get(step);
  if (known !== undefined) return known;
  if (offsets.size > OFFSET_CACHE_MAX) offsets.clear();
  const offset = -new Date(ms).getTimezoneOffset() * MINUTE_MS;
  offsets.set(step, offset);
  return offset;
}

/** Forgets cached offsets when the zone of the process changes (only tests do that). */
export function resetZone(zone: string): void {
  if (zone !== offsetsZone) offsets.clear();
  offsetsZone = zone;
}

function shifted(ms: number, zone: Zone): number {
  return zone === "utc" ? ms : ms + localOffsetMs(ms);
}

const two = (n: number) => (n < 10 ? `0${n}` : String(n));
const three = (n: number) => String(n).padStart(3, "0");

/** `HH:MM:SS.mmm` by arithmetic alone. */
export function hms(ms: number, zone: Zone): string {
  const at = shifted(ms, zone);
  const inDay = ((at % DAY_MS) + DAY_MS) % DAY_MS;
  const hour = Math.floor(inDay / HOUR_MS);
  const minute = Math.floor((inDay % HOUR_MS) / MINUTE_MS);
  const second = Math.floor((inDay % MINUTE_MS) / SECOND_MS);
  return `${two(hour)}:${two(minute)}:${two(second)}.${three(Math.floor(inDay % SECOND_MS))}`;
}

/** The digits after the millisecond, grouped: "270 0" for .103270000. */
export function subMs(time: string): string {
  const fraction = /\.(\d+)Z$/.exec(time)?.[1] ?? "";
  const rest = fraction.slice(3).replace(/0+$/, "");
  if (rest === "") return "";
  return rest.match(/.{1,3}/g)!.map((part, i, all) => (i === all.length - 1 ? part.padEnd(3, "0") : part)).join(" ");
}

/** A number that is equal for instants of one calendar day in the zone. */
export function dayNumber(ms: number, zone: Zone): number {
  return Math.floor(shifted(ms, zone) / DAY_MS);
}

/** `YYYY-MM-DD` in the zone. */
export function ymd(ms: number, zone: Zone): string {
  return new Date(shifted(ms, zone)).toISOString().slice(0, 10);
}

const dayFormats = new Map<Lang, Intl.DateTimeFormat>();

/** "Thu, 19 Nov 2026" or "2026年11月19日(木)". */
export function dayText(ms: number, zone: Zone, lang: Lang): string {
  let format = dayFormats.get(lang);
  if (!format) {
    format = new Intl.DateTimeFormat(lang === "ja" ? "ja-JP" : "en-GB", {
      weekday: "short", day: "numeric", month: lang === "ja" ? "long" : "short", year: "numeric", timeZone: "UTC",
    });
    dayFormats.set(lang, format);
  }
  return format.format(shifted(ms, zone));
}

/** Short name of the zone at an instant: "JST", "GMT+9", "UTC". */
export function zoneName(ms: number, zone: Zone): string {
  if (zone === "utc") return "UTC";
  const offset = localOffsetMs(ms) / MINUTE_MS;
  if (offset === 0) return "UTC";
  // The Japanese locale knows JST; English says GMT+9 for it.
  if (offset === 9 * 60 && Intl.DateTimeFormat().resolvedOptions().timeZone === "Asia/Tokyo") return "JST";
  const minutes = Math.abs(offset) % 60;
  return `UTC${offset < 0 ? "−" : "+"}${Math.floor(Math.abs(offset) / 60)}${minutes ? `:${two(minutes)}` : ""}`;
}

/** One value of a `datetime-local` input (minute precision) in the zone. */
export function toInput(ms: number, zone: Zone): string {
  return new Date(shifted(ms, zone)).toISOString().slice(0, 16);
}

/** The instant of a `datetime-local` value, or null when it is not a time. */
export function fromInput(text: string, zone: Zone): number | null {
  const ms = Date.parse(zone === "utc" ? `${text}Z` : text);
  return Number.isNaN(ms) ? null : ms;
}
