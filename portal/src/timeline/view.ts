// The page's state from the address, how to change it, and the API filter it stands for.
import { useCallback, useMemo } from "react";
import { useSearch } from "@tanstack/react-router";
import type { Query } from "../api/client";
import { links } from "../links";
import { now, toIso } from "../time/time";
import { goTo } from "../ui/go";
import type { Filter } from "./store";
import type { SearchParams, TimelineState } from "./url";
import { rangeBounds, readState, searchText, writeState } from "./url";

/** The state without the selected event: what decides which rows there are. */
export type View = Omit<TimelineState, "event">;
export type ChangeView = (change: Partial<TimelineState>, options?: { replace?: boolean }) => void;

export function useView(deviceId: string): { view: View; event: string | undefined; change: ChangeView } {
  const search = useSearch({ strict: false }) as SearchParams;
  const { e: event, ...rest } = search;
  const viewKey = searchText(rest);
  // The key holds all of `rest`.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const view = useMemo<View>(() => readState(rest), [viewKey]);
  const change = useCallback<ChangeView>((partial, options) => {
    const current = readState(Object.fromEntries(new URLSearchParams(location.search)));
    const next = links.timeline(deviceId, writeState({ ...current, ...partial }));
    if (next !== location.pathname + location.search) goTo(next, options);
  }, [deviceId]);
  return { view, event: event || undefined, change };
}

/** The API's filter of a view at this moment; a relative range gets a start but no end. */
export function viewQuery(view: View): Query {
  const bounds = rangeBounds(view.range, now());
  return {
    q: view.q,
    groups: view.groups.join(","),
    fail: view.fail ? 1 : undefined,
    from: toIso(bounds.fromMs),
    to: view.range.kind === "fixed" ? toIso(bounds.toMs) : undefined,
  };
}

export function viewFilter(view: View): Filter {
  return {
    query: viewQuery(view),
    order: view.order,
    endsNow: view.range.kind === "last",
    key: searchText(writeState({ ...view, event: undefined, rest: {} })),
  };
}

export function isFiltered(view: View): boolean {
  return view.q !== "" || view.groups.length > 0 || view.fail;
}
