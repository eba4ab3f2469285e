// Whatever the order of loading, live rows and trimming: rows stay sorted, unique and contiguous.
import { describe, expect, test } from "vitest";
import { seeded, itemAt, pageOf } from "../../test/unit/make";
import type { Order, Side, TimelineWindow } from "./window";
import { addLive, direction, emptyWindow, extendWindow, openWindow } from "./window";

const EVENTS = 400;
const PAGE = 20;
const ROWS_MAX = 75;
const RUNS = 60;
const STEPS = 60;

function checkRows(window: TimelineWindow, all: { eventId: string }[]): void {
  const ids = window.items.map((item) => item.eventId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(window.ids.size).toBe(ids.length);
  expect(ids.length).toBeLessThanOrEqual(ROWS_MAX);
  for (let i = 1; i < window.items.length; i++) {
    const [a, b] = [window.items[i - 1]!.time, window.items[i]!.time];
    expect(window.order === "desc" ? a >= b : a <= b).toBe(true);
  }
  const order = window.order === "desc" ? all.toReversed() : all;
  const start = order.findIndex((item) => item.eventId === ids[0]);
  expect(order.slice(start, start + ids.length).map((item) => item.eventId)).toEqual(ids);
}

describe("TimelineWindow", () => {
  // The time is only a guard against an endless loop: a busy machine takes longer than the default.
  test("any order of older, newer, trim and live keeps rows sorted, unique and contiguous", { timeout: 60_000 }, () => {
    for (let run = 0; run < RUNS; run++) {
      const random = seeded(run);
      const order: Order = run % 2 === 0 ? "desc" : "asc";
      // Every third event shares its time with the one before.
      const all = Array.from({ length: EVENTS }, (_, i) => itemAt(i, i - (i % 3 === 2 ? 1 : 0)));
      let known = EVENTS - 40;
      const page = (from: number, to: number) => pageOf(all.slice(0, known), Math.max(0, from), Math.min(known, to), order);
      const middle = Math.floor(random() * known);
      let window = openWindow(page(middle - PAGE / 2, middle + PAGE / 2), order);
      for (let step = 0; step < STEPS; step++) {
        if (random() < 0.15 && known < EVENTS) {
          const live = all.slice(known, known + 3);
          known += live.length;
          const newestSide: Side = order === "desc" ? "top" : "bottom";
          // Live rows are only handed on while the newest end is in memory.
          if (window[newestSide].kind === "end") window = addLive(window, live, ROWS_MAX);
        }
        const side: Side = random() < 0.5 ? "top" : "bottom";
        const edge = window[side];
        if (edge.kind === "end") continue;
        const last = (side === "top" ? window.items[0] : window.items.at(-1))!;
        const at = all.findIndex((item) => item.eventId === last.eventId);
        const older = direction(order, side) === "older";
        const next = edge.kind === "around" ? page(at - PAGE / 2, at + PAGE / 2) : older ? page(at - PAGE, at) : page(at + 1, at + 1 + PAGE);
        window = extendWindow(window, next, side, ROWS_MAX);
        checkRows(window, all);
      }
    }
  });

  test("a trimmed side is continued around its last row", () => {
    const all = Array.from({ length: 100 }, (_, i) => itemAt(i, i));
    const window = extendWindow(openWindow(pageOf(all, 50, 90, "desc"), "desc"), pageOf(all, 10, 50, "desc"), "bottom", 60);
    expect(window.top).toEqual({ kind: "around", eventId: window.items[0]!.eventId });
    expect(window.bottom).toEqual({ kind: "cursor", cursor: "10" });
  });

  test("a live row older than the window is left out", () => {
    const all = Array.from({ length: 40 }, (_, i) => itemAt(i, i));
    const window = addLive(openWindow(pageOf(all, 20, 40, "desc"), "desc"), [itemAt(5, 5)]);
    expect(window.items).toHaveLength(20);
  });

  test("a late live row is put where it belongs", () => {
    const window = addLive(openWindow(pageOf([itemAt(1, 1), itemAt(3, 3)], 0, 2, "desc"), "desc"), [itemAt(2, 2)]);
    expect(window.items.map((item) => item.eventId)).toEqual(["e3", "e2", "e1"]);
  });

  test("an empty window has two ends", () => {
    expect(emptyWindow("asc")).toMatchObject({ items: [], top: { kind: "end" }, bottom: { kind: "end" } });
  });
});
