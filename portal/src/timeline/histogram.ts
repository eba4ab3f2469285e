// Arithmetic of the histogram and of the completeness band: no drawing, no DOM.
import type { Gap, Summary } from "../api/types";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, toMs } from "../time/time";

const NS_PER_MS = 1_000_000n;
/** Buckets we ask for; the server may answer fewer. */
export const BUCKETS = 120;

export interface Histogram {
  fromMs: number;
  toMs: number;
  stepMs: number;
  /** Start of each bucket in seconds, as uPlot wants it. */
  seconds: number[];
  total: number[];
  failed: number[];
}

export function histogramOf(summary: Summary): Histogram {
  const fromMs = toMs(summary.from);
  // A step is at most days long: as a number of ms it is exact enough to draw.
  const stepMs = Number((BigInt(summary.stepNs) * 1000n) / NS_PER_MS) / 1000;
  return {
    fromMs,
    toMs: toMs(summary.to),
    stepMs,
    seconds: summary.total.map((_, i) => (fromMs + i * stepMs) / SECOND_MS),
    total: summary.total,
    failed: summary.failed,
  };
}

/** The bucket an instant falls in, clamped to the drawn ones. */
export function bucketAt(histogram: Histogram, ms: number): number {
  const bucket = Math.floor((ms - histogram.fromMs) / histogram.stepMs);
  return Math.max(0, Math.min(histogram.total.length - 1, bucket));
}

const TICK_STEPS_MS = [
  SECOND_MS, 5 * SECOND_MS, 15 * SECOND_MS, 30 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS,
  HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 2 * DAY_MS, 5 * DAY_MS, 10 * DAY_MS,
];

/** Round instants in the reader's zone, at most `ticksMax` of them. */
export function ticks(fromMs: number, toMs: number, ticksMax: number, offsetMs: number): { ms: number[]; stepMs: number } {
  const span = toMs - fromMs;
  const stepMs = TICK_STEPS_MS.find((step) => span / step <= ticksMax) ?? Math.ceil(span / ticksMax / DAY_MS) * DAY_MS;
  const found: number[] = [];
  const first = Math.ceil((fromMs + offsetMs) / stepMs) * stepMs - offsetMs;
  for (let ms = first; ms <= toMs; ms += stepMs) found.push(ms);
  return { ms: found, stepMs };
}

export interface BandPart {
  gap: Gap;
  /** Percent of the width. */
  left: number;
  width: number;
}

/** A gap of a second in a month is still seen. */
const PART_WIDTH_MIN = 0.35;

/** Where each gap lies in the band; parts outside of the range are left out. */
export function bandParts(gaps: readonly Gap[], fromMs: number, toMs_: number): BandPart[] {
  const span = toMs_ - fromMs;
  if (span <= 0) return [];
  const parts: BandPart[] = [];
  for (const gap of gaps) {
    const from = Math.max(fromMs, toMs(gap.from));
    const to = Math.min(toMs_, toMs(gap.to));
    if (to < from || from > toMs_ || to < fromMs) continue;
    const width = Math.max(PART_WIDTH_MIN, ((to - from) / span) * 100);
    parts.push({ gap, width, left: Math.min(100 - width, ((from - fromMs) / span) * 100) });
  }
  return parts;
}

/** Events known to be lost, and whether some gap has no number. */
export function lostTotal(gaps: readonly Gap[]): { count: number; unknown: boolean } {
  let count = 0;
  let unknown = false;
  for (const gap of gaps) {
    if (gap.count === undefined) unknown = true;
    else count += gap.count;
  }
  return { count, unknown };
}

/** A window twice (out) or half (in) as long around an instant. */
export function zoomed(fromMs: number, toMs_: number, aroundMs: number, factor: number): { fromMs: number; toMs: number } {
  const span = Math.max(SECOND_MS, (toMs_ - fromMs) * factor);
  const share = toMs_ > fromMs ? (aroundMs - fromMs) / (toMs_ - fromMs) : 0.5;
  const from = aroundMs - span * Math.max(0, Math.min(1, share));
  return { fromMs: from, toMs: from + span };
}
