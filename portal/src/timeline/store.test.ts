import { describe, expect, test } from "vitest";
import { itemAt, pageOf } from "../../test/unit/make";
import type { Query } from "../api/client";
import { ApiError } from "../api/client";
import type { TimelinePage } from "../api/types";
import type { Filter } from "./store";
import { TimelineStore } from "./store";

const ALL = Array.from({ length: 100 }, (_, i) => itemAt(i, i));
const FILTER: Filter = { query: { q: "" }, order: "desc", endsNow: true, key: "a" };

/** Answers from 100 events, 20 a page, and remembers what was asked. */
function server(): { source: { timeline(query: Query): Promise<TimelinePage> }; asked: Query[] } {
  const asked: Query[] = [];
  const timeline = async (query: Query): Promise<TimelinePage> => {
    asked.push(query);
    if (query["q"] === "broken") throw new ApiError(500, "internal", "broken", "c1");
    if (query["around"] !== undefined) {
      const at = ALL.findIndex((item) => item.eventId === query["around"]);
      if (at < 0) throw new ApiError(404, "not_found", "");
      return pageOf(ALL, Math.max(0, at - 10), Math.min(100, at + 10), "desc");
    }
    const cursor = Number(query["cursor"] ?? 100);
    return query["dir"] === "newer" ? pageOf(ALL, cursor, Math.min(100, cursor + 20), "desc") : pageOf(ALL, Math.max(0, cursor - 20), cursor, "desc");
  };
  return { source: { timeline }, asked };
}

describe("TimelineStore", () => {
  test("opens at the newest rows and loads older ones", async () => {
    const { source } = server();
    const store = new TimelineStore(source);
    await store.open(FILTER);
    expect(store.snapshot()).toMatchObject({ status: "ready", filterKey: "a" });
    await store.load("top");
    await store.load("bottom");
    expect(store.snapshot().window.items).toHaveLength(40);
  });

  test("opens around an event, or at the start when it is gone", async () => {
    const { source } = server();
    const store = new TimelineStore(source);
    await store.open(FILTER, { eventId: "e50" });
    expect(store.snapshot().jump.eventId).toBe("e50");
    expect(store.snapshot().window.top.kind).toBe("cursor");
    await store.open(FILTER, { eventId: "gone" });
    expect(store.snapshot().jump.eventId).toBeNull();
    expect(store.snapshot().window.items[0]!.eventId).toBe("e99");
  });

  test("old rows stay while a new filter loads; its error can be retried", async () => {
    const { source } = server();
    const store = new TimelineStore(source);
    await store.open(FILTER);
    const opening = store.open({ ...FILTER, key: "b", query: { q: "broken" } });
    expect(store.snapshot()).toMatchObject({ status: "loading", filterKey: "b" });
    expect(store.snapshot().window.items).toHaveLength(20);
    await opening;
    expect(store.snapshot()).toMatchObject({ status: "error", error: { correlationId: "c1" } });
  });

  test("the answer of an older filter is dropped", async () => {
    const { source } = server();
    const store = new TimelineStore(source);
    const first = store.open({ ...FILTER, query: { q: "broken" } });
    const second = store.open(FILTER);
    await Promise.all([first, second]);
    expect(store.snapshot().status).toBe("ready");
  });

  test("live rows are shown at the top, counted elsewhere, and shown by the pill", async () => {
    const { source, asked } = server();
    const store = new TimelineStore(source);
    await store.open(FILTER);
    store.receive([itemAt(100, 100)]);
    expect(store.snapshot().window.items[0]!.eventId).toBe("e100");
    store.setTopInView(false);
    store.receive([itemAt(101, 101), itemAt(100, 100)]);
    expect(store.snapshot()).toMatchObject({ pending: 1 });
    store.showStart();
    expect(store.snapshot()).toMatchObject({ pending: 0 });
    expect(store.snapshot().window.items[0]!.eventId).toBe("e101");
    expect(asked).toHaveLength(1);
  });

  test("a jump to an instant keeps the way to newer rows", async () => {
    const { source } = server();
    const store = new TimelineStore(source);
    await store.open(FILTER, { time: "2026-11-24T00:00:50.000000000Z" });
    expect(store.snapshot().window.top).toEqual({ kind: "around", eventId: store.snapshot().window.items[0]!.eventId });
  });
});
