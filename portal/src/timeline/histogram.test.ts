import { describe, expect, test } from "vitest";
import { timeAt } from "../../test/unit/make";
import type { Summary } from "../api/types";
import { DAY_MS, HOUR_MS, MINUTE_MS, toMs } from "../time/time";
import { bandParts, bucketAt, histogramOf, lostTotal, ticks, zoomed } from "./histogram";

const summary: Summary = {
  from: timeAt(0), to: timeAt(120), stepNs: "1000000000", total: Array<number>(120).fill(1), failed: Array<number>(120).fill(0), groups: {},
  failedTotal: 0, matched: 120, complete: { state: "complete", gaps: [] },
};

describe("histogram", () => {
  test("steps in nanoseconds become bucket starts in seconds", () => {
    const histogram = histogramOf(summary);
    expect(histogram.stepMs).toBe(1000);
    expect(histogram.seconds[1]! - histogram.seconds[0]!).toBeCloseTo(1);
    expect(bucketAt(histogram, toMs(timeAt(5)) + 1)).toBe(5);
    expect(bucketAt(histogram, 0)).toBe(0);
    expect(bucketAt(histogram, Number.MAX_SAFE_INTEGER)).toBe(119);
  });

  test("ticks are round in the reader's zone, and few", () => {
    const from = Date.UTC(2026, 10, 24, 3, 7);
    const found = ticks(from, from + DAY_MS, 8, 9 * HOUR_MS);
    expect(found.ms.length).toBeLessThanOrEqual(9);
    for (const ms of found.ms) expect((ms + 9 * HOUR_MS) % found.stepMs).toBe(0);
    expect(ticks(0, MINUTE_MS, 4, 0).stepMs).toBe(15_000);
    expect(ticks(0, 400 * DAY_MS, 8, 0).ms.length).toBeLessThanOrEqual(9);
  });

  test("a short gap is still drawn, one outside is not", () => {
    const gap = (from: number, to: number) => ({ reason: "kernel_drop", from: timeAt(from), to: timeAt(to) });
    const parts = bandParts([gap(10, 10), gap(60, 180), gap(500, 600)], toMs(timeAt(0)), toMs(timeAt(120)));
    expect(parts).toHaveLength(2);
    expect(parts[0]!.width).toBeGreaterThan(0);
    expect(parts[1]!.left + parts[1]!.width).toBeCloseTo(100);
  });

  test("lost events are summed; an unknown number is said", () => {
    const gap = { reason: "stalled", from: timeAt(1), to: timeAt(2) };
    expect(lostTotal([{ ...gap, count: 2 }, { ...gap, count: 3 }])).toEqual({ count: 5, unknown: false });
    expect(lostTotal([{ ...gap, count: 2 }, gap])).toEqual({ count: 2, unknown: true });
  });

  test("zooming in and out again around an instant gives the window back", () => {
    const inside = zoomed(0, 100_000, 30_000, 0.5);
    expect(inside).toEqual({ fromMs: 15_000, toMs: 65_000 });
    expect(zoomed(inside.fromMs, inside.toMs, 30_000, 2)).toEqual({ fromMs: 0, toMs: 100_000 });
  });
});
