import { describe, expect, test } from "vitest";
import { itemAt, timeAt } from "../../test/unit/make";
import { displayRows, mergeGaps, nextSelectable, rowEvent } from "./rows";

const kinds = (rows: ReturnType<typeof displayRows>) => rows.map((row) => row.kind);

describe("displayRows", () => {
  test("day heading, quiet stretch, delta to the earlier row", () => {
    const rows = displayRows([itemAt(3, 200), itemAt(2, 10), itemAt(1, 9)], [], "desc", "utc");
    expect(kinds(rows)).toEqual(["day", "event", "quiet", "event", "event"]);
    expect(rows[1]).toMatchObject({ deltaMs: 190_000 });
    expect(rows[2]).toMatchObject({ spanMs: 190_000 });
    expect(rows[4]).toMatchObject({ deltaMs: null });
  });

  test("a new day begins a heading in both orders", () => {
    const items = [itemAt(1, 86_399), itemAt(2, 86_401)];
    expect(kinds(displayRows(items, [], "asc", "utc"))).toEqual(["day", "event", "day", "event"]);
    expect(kinds(displayRows(items.toReversed(), [], "desc", "utc"))).toEqual(["day", "event", "day", "event"]);
  });

  test("a lost-events item is a gap row and can be selected", () => {
    const gap = { reason: "kernel_drop", count: 3, from: timeAt(1), to: timeAt(2) };
    const rows = displayRows([itemAt(2, 2, { gap }), itemAt(1, 1)], [gap], "desc", "utc");
    expect(kinds(rows)).toEqual(["day", "gap", "event"]);
    expect(rowEvent(rows[1])).toBe("e2");
  });

  test("a gap that the filter hides is still shown inside the window, not outside", () => {
    const inside = { reason: "rate_limited", from: timeAt(3), to: timeAt(4) };
    const outside = { reason: "rate_limited", from: timeAt(300), to: timeAt(400) };
    const rows = displayRows([itemAt(2, 5), itemAt(1, 1)], [inside, outside], "desc", "utc");
    expect(kinds(rows)).toEqual(["day", "event", "gap", "event"]);
  });

  test("keys are unique", () => {
    const gaps = [1, 2, 3].map((n) => ({ reason: "kernel_drop", from: timeAt(n), to: timeAt(n * 100) }));
    const rows = displayRows([9, 7, 5, 3, 1].map((n) => itemAt(n, n * 100)), gaps, "desc", "utc");
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
  });
});

test("nextSelectable skips headings and stays at the end", () => {
  const rows = displayRows([itemAt(2, 200), itemAt(1, 10)], [], "desc", "utc");
  expect(nextSelectable(rows, -1, 1)).toBe(1);
  expect(nextSelectable(rows, 1, 1)).toBe(3);
  expect(nextSelectable(rows, 3, 1)).toBe(3);
});

test("mergeGaps is unique and keeps its list when nothing is new", () => {
  const gap = { reason: "stalled", from: timeAt(1), to: timeAt(2) };
  const known = mergeGaps([], [gap, gap]);
  expect(known).toHaveLength(1);
  expect(mergeGaps(known, [gap])).toBe(known);
});
