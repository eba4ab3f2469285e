// Joins the store to React: opens filters, counts after rows, follows the live stream.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { api } from "../api/client";
import type { Summary } from "../api/types";
import { usePrefs } from "../prefs/prefs";
import { BUCKETS } from "./histogram";
import type { LiveState } from "./live";
import { followStream } from "./live";
import type { Snapshot } from "./store";
import { TimelineStore } from "./store";
import type { View } from "./view";
import { viewFilter, viewQuery } from "./view";

/** Counts follow the live rows at this pace. */
const LIVE_SUMMARY_MS = 10_000;

export function useTimelineStore(deviceId: string, view: View, firstEvent: string | undefined): TimelineStore {
  const store = useMemo(() => new TimelineStore({ timeline: (query, signal) => api.timeline(deviceId, query, signal) }), [deviceId]);
  const first = useRef(firstEvent);
  useEffect(() => {
    // Only the first rows of a link open around its event; later filters begin at their start.
    void store.open(viewFilter(view), { eventId: first.current });
    return () => {
      first.current = undefined;
    };
  }, [store, view]);
  useEffect(() => () => store.close(), [store]);
  return store;
}

export function useStoreValue<T>(store: TimelineStore, pick: (state: Snapshot) => T): T {
  return useSyncExternalStore(store.subscribe, () => pick(store.snapshot()));
}

export interface Counts {
  summary: Summary | undefined;
  /** The counts are still those of the filter before. */
  stale: boolean;
}

/** Counts and histogram; they wait until the rows of the same filter are here. */
export function useSummary(deviceId: string, view: View, store: TimelineStore): Counts {
  const { live } = usePrefs();
  const { key, endsNow } = useMemo(() => viewFilter(view), [view]);
  const rowsShown = useStoreValue(store, (state) => state.status !== "loading" && state.filterKey === key);
  const query = useQuery({
    queryKey: ["summary", deviceId, key],
    queryFn: ({ signal }) => api.summary(deviceId, { ...viewQuery(view), buckets: BUCKETS }, signal),
    enabled: rowsShown,
    placeholderData: keepPreviousData,
    refetchInterval: live && endsNow ? LIVE_SUMMARY_MS : false,
  });
  return { summary: query.data, stale: query.isPlaceholderData || (query.data !== undefined && !rowsShown) };
}

export function useLive(deviceId: string, view: View, store: TimelineStore): LiveState | "off" {
  const { live } = usePrefs();
  const [state, setState] = useState<LiveState | "off">("off");
  const filter = useMemo(() => viewFilter(view), [view]);
  const rowsShown = useStoreValue(store, (snapshot) => snapshot.status === "ready" && snapshot.filterKey === filter.key);
  const follow = live && filter.endsNow && rowsShown;
  useEffect(() => {
    if (!follow) {
      setState("off");
      return;
    }
    const { q, groups, fail } = filter.query;
    return followStream(api.streamUrl(deviceId, { q, groups, fail }), (items) => store.receive(items), setState);
  }, [follow, filter, deviceId, store]);
  return state;
}
