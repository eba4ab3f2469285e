// The event grid: virtual rows over a bounded window, one tab stop, sticky day rows.
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import type { Range as VirtualRange } from "@tanstack/react-virtual";
import type { MouseEvent, ReactNode } from "react";
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { ErrorState, Skeleton } from "../ui/states";
import { GridRow } from "./GridRow";
import { NewPill } from "./NewPill";
import type { DisplayRow } from "./rows";
import { displayRows, nextSelectable, rowEvent } from "./rows";
import type { Selection } from "./selection";
import { useSelected } from "./selection";
import type { Snapshot, TimelineStore } from "./store";
import { useGridKeys } from "./useGridKeys";
import "./grid.css";

export const ROW_PX = 30;
const HEADER_PX = 28;
/** More rows are asked for when so few are left beyond the view. */
const LOAD_AHEAD_ROWS = 40;
const OVERSCAN_ROWS = 10;
/** So near to the top counts as "the top is in view". */
const TOP_PX = 12;

export interface GridProps {
  store: TimelineStore;
  selection: Selection;
  filtered: boolean;
  empty: ReactNode;
}

export const Grid = memo(function Grid({ store, selection, filtered, empty }: GridProps) {
  const t = useText();
  const { lang, zone } = usePrefs();
  const state = useSyncExternalStore(store.subscribe, store.snapshot);
  const selected = useSelected(selection);
  const scroller = useRef<HTMLDivElement>(null);
  const { order, items } = state.window;
  const rows = useMemo(() => displayRows(items, state.gaps, order, zone), [items, state.gaps, order, zone]);
  const places = useMemo(() => new Map(rows.map((row, i) => [row.key, i])), [rows]);
  const dayRows = useMemo(() => rows.flatMap((row, i) => (row.kind === "day" ? [i] : [])), [rows]);
  const sticky = useRef(0);

  const rangeExtractor = useCallback((range: VirtualRange) => {
    sticky.current = dayRows.findLast((i) => i <= range.startIndex) ?? 0;
    return [...new Set([sticky.current, ...defaultRangeExtractor(range)])].sort((a, b) => a - b);
  }, [dayRows]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN_ROWS,
    scrollMargin: HEADER_PX,
    scrollPaddingStart: HEADER_PX + ROW_PX,
    useFlushSync: false,
    rangeExtractor,
  });
  useAnchor(scroller, rows, places, state, store);
  useLoadAhead(virtual.range, rows.length, store);
  useGridKeys({ rows, places, selection, scrollTo: (i) => virtual.scrollToIndex(i, { align: "auto" }), store });

  const onClick = (event: MouseEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-event]");
    if (row?.dataset["event"] !== undefined) selection.openPane(row.dataset["event"]);
  };
  const firstLoad = state.status === "loading" && rows.length === 0;
  const showRows = rows.length > 0 && state.status !== "error";
  const selectedKey = selected.eventId !== null && places.has(selected.eventId) ? selected.eventId : null;
  const drawn = virtual.getVirtualItems();
  const activeDrawn = selectedKey !== null && drawn.some((item) => rows[item.index]?.key === selectedKey);

  return (
    <div className="grid-area">
      <NewPill store={store} />
      {firstLoad && <Skeleton label={t("timeline.loading")} />}
      {state.status === "error" && <ErrorState error={state.error} onRetry={store.retry} />}
      {state.status === "ready" && rows.length === 0 && empty}
      <div
        ref={scroller} className="grid" role="grid" aria-label={t("timeline.grid")} tabIndex={0} hidden={!showRows}
        aria-rowcount={-1} aria-busy={state.status === "loading"} data-stale={state.status === "loading"}
        aria-activedescendant={activeDrawn ? rowId(selectedKey!) : undefined} onClick={onClick}
      >
        <div role="rowgroup" className="grid-head">
          <div role="row" className="grid-row head" aria-rowindex={1}>
            <span role="columnheader" className="time">{t("timeline.col.time")}</span>
            <span role="columnheader" className="delta">{t("timeline.col.delta")}</span>
            <span role="columnheader" className="action">{t("timeline.col.action")}</span>
            <span role="columnheader" className="what">{t("timeline.col.what")}</span>
            <span role="columnheader" className="info">{t("timeline.col.info")}</span>
          </div>
        </div>
        <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize() }}>
          {drawn.map((item) => {
            const row = rows[item.index]!;
            return (
              <GridRow
                key={row.key} row={row} index={item.index} lang={lang} zone={zone} filtered={filtered}
                offset={item.start - HEADER_PX} sticky={row.kind === "day" && item.index === sticky.current}
                selected={selected.eventId !== null && rowEvent(row) === selected.eventId}
              />
            );
          })}
        </div>
        <GridEnd store={store} />
      </div>
    </div>
  );
});

export function rowId(eventId: string): string {
  return `event-${eventId}`;
}

function GridEnd({ store }: { store: TimelineStore }) {
  const t = useText();
  const { window, error, status } = useSyncExternalStore(store.subscribe, store.snapshot);
  if (status !== "ready") return null;
  if (!error && window.bottom.kind !== "end") return null;
  return (
    <div role="rowgroup">
      <div role="row" className="grid-end">
        <span role="gridcell" aria-colspan={5}>
          {error ? t("timeline.moreFailed") : t(window.order === "desc" ? "timeline.end.older" : "timeline.end.newer")}{" "}
          {error && <button type="button" className="button small" onClick={() => void store.load("bottom")}>{t("error.retry")}</button>}
        </span>
      </div>
    </div>
  );
}

type Scroller = React.RefObject<HTMLDivElement | null>;

/** Keeps the same rows in view when rows come or go above, and follows jumps. */
function useAnchor(
  scroller: Scroller, rows: readonly DisplayRow[], places: ReadonlyMap<string, number>, state: Snapshot, store: TimelineStore,
): void {
  const { jump } = state;
  const isStart = state.window.top.kind === "end";
  const anchor = useRef({ key: "", offset: 0, follow: true });
  const jumped = useRef(0);
  const current = useRef({ rows, isStart });
  const remember = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const top = element.scrollTop;
    // Headings are made anew with every page; an event stays what it is.
    const first = nextSelectable(current.current.rows, Math.floor(top / ROW_PX) - 1, 1);
    const atTop = top < TOP_PX;
    // Only at the very start of the timeline new rows may push the others down.
    anchor.current = { key: current.current.rows[first]?.key ?? "", offset: top - first * ROW_PX, follow: atTop && current.current.isStart };
    const atBottom = top + element.clientHeight > element.scrollHeight - TOP_PX - ROW_PX;
    store.setTopInView(store.snapshot().window.order === "desc" ? atTop : atBottom);
  }, [scroller, store]);
  useLayoutEffect(() => {
    const element = scroller.current;
    current.current = { rows, isStart };
    if (!element) return;
    if (jumped.current !== jump.n) {
      jumped.current = jump.n;
      const i = jump.eventId === null ? undefined : places.get(jump.eventId) ?? places.get(`g${jump.eventId}`);
      element.scrollTop = i === undefined ? 0 : Math.max(0, i * ROW_PX - element.clientHeight / 3);
    } else if (!anchor.current.follow) {
      const i = places.get(anchor.current.key);
      const wanted = i === undefined ? element.scrollTop : i * ROW_PX + anchor.current.offset;
      if (Math.abs(wanted - element.scrollTop) > 1) element.scrollTop = wanted;
    }
    remember();
  }, [scroller, rows, places, jump, isStart, remember]);
  useEffect(() => {
    const element = scroller.current;
    element?.addEventListener("scroll", remember, { passive: true });
    return () => element?.removeEventListener("scroll", remember);
  }, [scroller, remember]);
}

function useLoadAhead(range: VirtualRange | { startIndex: number; endIndex: number } | null, n: number, store: TimelineStore): void {
  const start = range?.startIndex ?? 0;
  const end = range?.endIndex ?? 0;
  useEffect(() => {
    if (n === 0) return;
    if (end > n - LOAD_AHEAD_ROWS) void store.load("bottom");
    if (start < LOAD_AHEAD_ROWS) void store.load("top");
  }, [start, end, n, store]);
}
