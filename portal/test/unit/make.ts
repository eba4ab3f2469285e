// Small makers for tests: seeded numbers, items, pages.
import type { Item, TimelinePage } from "../../src/api/types";
import type { Order } from "../../src/timeline/window";

/** A seeded generator (mulberry32): the same tests on every run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const timeAt = (second: number): string =>
  `${new Date(Date.UTC(2026, 10, 24) + second * 1000).toISOString().slice(0, 19)}.000000000Z`;

export function itemAt(n: number, second: number, more: Partial<Item> = {}): Item {
  return {
    eventId: `e${n}`, time: timeAt(second), actionType: "FileCreated", group: "Files", table: "DeviceFileEvents", outcome: "ok", ...more,
  };
}

/** The page of events [from, to) of a list in time order, as the server answers it. */
export function pageOf(all: readonly Item[], from: number, to: number, order: Order): TimelinePage {
  const items = all.slice(from, to);
  return {
    items: order === "desc" ? items.toReversed() : items,
    older: from > 0 ? String(from) : null,
    newer: to < all.length ? String(to) : null,
    complete: { state: "complete", gaps: [] },
  };
}
