// Lengths of time, as short text in both languages.
import type { Lang } from "./time";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./time";

const UNITS: Record<Lang, Record<"ms" | "s" | "min" | "h" | "d", string>> = {
  en: { ms: " ms", s: " s", min: " min", h: " h", d: " d" },
  ja: { ms: " ms", s: " 秒", min: " 分", h: " 時間", d: " 日" },
};

/** "441 ms", "1.2 s", "24 s", "25 min", "3 h", "2 d". */
export function spanText(ms: number, lang: Lang): string {
  const unit = UNITS[lang];
  if (ms < SECOND_MS) return `${Math.round(ms)}${unit.ms}`;
  if (ms < 10 * SECOND_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)}${unit.s}`;
  if (ms < 2 * MINUTE_MS) return `${Math.floor(ms / SECOND_MS)}${unit.s}`;
  if (ms < 2 * HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}${unit.min}`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)}${unit.h}`;
  return `${Math.floor(ms / DAY_MS)}${unit.d}`;
}

/** Text of a duration in microseconds: "840 µs", "12 ms". */
export function durationText(us: number, lang: Lang): string {
  return us < 1000 ? `${Math.round(us)} µs` : spanText(us / 1000, lang);
}

/** "4 s ago" / "4 秒前"; a clock that runs ahead of ours shows as now. */
export function agoText(ms: number, nowMs: number, lang: Lang): string {
  const past = nowMs - ms;
  if (past < SECOND_MS) return lang === "ja" ? "たった今" : "now";
  const whole = past < 10 * SECOND_MS ? Math.floor(past / SECOND_MS) * SECOND_MS : past;
  const text = spanText(whole, lang).replace(".0", "");
  return lang === "ja" ? `${text}前` : `${text} ago`;
}
