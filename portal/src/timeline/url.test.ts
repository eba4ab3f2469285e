import { describe, expect, test } from "vitest";
import { seeded } from "../../test/unit/make";
import { GROUP_NAMES } from "./names";
import type { TimelineState } from "./url";
import { RANGES, fixedRange, frozen, parseSearch, readState, searchText, writeState } from "./url";

const TEXTS = ["", "curl", "host:*.example.com -proc:cron", '"a phrase" 経費', "a&b=c#d?e+f%20g", "C:\\Temp\\x"];

function randomState(random: () => number): TimelineState {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const from = Date.UTC(2026, 0, 1) + Math.floor(random() * 1e10);
  return {
    q: pick(TEXTS),
    groups: GROUP_NAMES.filter(() => random() < 0.2),
    fail: random() < 0.5,
    range: random() < 0.5 ? { kind: "last", name: pick(RANGES) } : fixedRange(from, from + 1 + Math.floor(random() * 1e9)),
    order: pick(["desc", "asc"] as const),
    event: random() < 0.5 ? "AbC-1_9" : undefined,
    rest: random() < 0.3 ? { cols: "time,action" } : {},
  };
}

describe("timeline address", () => {
  test("any state survives the address bar", () => {
    const random = seeded(1);
    for (let i = 0; i < 2000; i++) {
      const state = randomState(random);
      expect(readState(parseSearch(searchText(writeState(state))))).toEqual(state);
    }
  });

  test("a plain timeline has a plain address", () => {
    expect(searchText(writeState(readState({})))).toBe("");
  });

  test("nonsense falls back to defaults", () => {
    expect(readState({ range: "99y", o: "up", fail: "yes", g: "Network,<b>,Network", from: "x", to: "y" })).toEqual({
      q: "", groups: ["Network"], fail: false, range: { kind: "last", name: "24h" }, order: "desc", event: undefined, rest: {},
    });
  });

  test("a range that ends before it begins is no range", () => {
    expect(readState({ from: "2026-11-24T02:00:00Z", to: "2026-11-24T01:00:00Z" }).range).toEqual({ kind: "last", name: "24h" });
  });

  test("commas and colons stay readable", () => {
    expect(searchText({ g: "Network,Dns", q: "host:a b" })).toBe("?g=Network,Dns&q=host:a+b");
  });

  test("a copied link has a frozen range and its event", () => {
    const link = frozen(readState({ range: "1h", q: "x" }), Date.UTC(2026, 10, 24, 6), "e1");
    expect(searchText(writeState(link))).toBe("?q=x&from=2026-11-24T05:00:00Z&to=2026-11-24T06:00:00Z&e=e1");
  });
});
