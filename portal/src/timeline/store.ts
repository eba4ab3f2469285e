// The timeline's data: which rows are in memory, how to get more, live rows. No React here.
import type { ApiError, Query } from "../api/client";
import type { Gap, Item, TimelinePage } from "../api/types";
import { mergeGaps } from "./rows";
import type { Edge, Order, Side, TimelineWindow } from "./window";
import { addLive, direction, emptyWindow, extendWindow, openWindow } from "./window";

export const PAGE_ROWS = 200;
/** Live rows that wait behind the pill; beyond that only their number is kept. */
export const PENDING_MAX = 1000;

/** A filter as the API takes it, without paging. */
export interface Filter {
  query: Query;
  order: Order;
  /** Whether new events can belong to it (its range ends now). */
  endsNow: boolean;
  key: string;
}

export interface Snapshot {
  /** `loading` with rows means: the rows are those of the filter before. */
  status: "loading" | "ready" | "error";
  filterKey: string;
  window: TimelineWindow;
  gaps: readonly Gap[];
  busy: Record<Side, boolean>;
  error: ApiError | null;
  /** Live rows that are not shown yet. */
  pending: number;
  /** Counts up when the grid shall show another place: the event, or the top. */
  jump: { n: number; eventId: string | null };
}

export interface Source {
  timeline(query: Query, signal: AbortSignal): Promise<TimelinePage>;
}

export interface OpenAt {
  eventId?: string | undefined;
  /** Show rows at this instant; the range stays. RFC 3339. */
  time?: string | undefined;
}

export class TimelineStore {
  private state: Snapshot = {
    status: "loading", filterKey: "", window: emptyWindow("desc"), gaps: [],
    busy: { top: false, bottom: false }, error: null, pending: 0, jump: { n: 0, eventId: null },
  };
  private readonly source: Source;
  private readonly listeners = new Set<() => void>();
  private filter: Filter | null = null;
  private at: OpenAt = {};
  private abort = new AbortController();
  private pendingItems: Item[] = [];
  private topInView = true;

  constructor(source: Source) {
    this.source = source;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = (): Snapshot => this.state;

  close(): void {
    this.abort.abort();
  }

  /** Shows a filter from its start, or around an event or an instant. Old rows stay until new ones are here. */
  async open(filter: Filter, at: OpenAt = {}): Promise<void> {
    this.abort.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.filter = filter;
    this.at = at;
    this.pendingItems = [];
    this.set({ status: "loading", filterKey: filter.key, error: null, pending: 0, busy: { top: false, bottom: false } });
    try {
      const { page, window } = await this.fetchFirst(filter, at, abort.signal);
      const eventId = at.eventId !== undefined && window.ids.has(at.eventId) ? at.eventId : null;
      this.set({
        status: "ready", window, gaps: mergeGaps([], page.complete.gaps),
        jump: { n: this.state.jump.n + 1, eventId },
      });
    } catch (error) {
      if (!abort.signal.aborted) this.set({ status: "error", error: error as ApiError });
    }
  }

  retry = (): void => {
    if (this.filter) void this.open(this.filter, this.at);
  };

  /** Shows the start again, with what has come in since. */
  showStart = (): void => {
    if (!this.filter) return;
    const complete = this.pendingItems.length === this.state.pending && this.state.window[this.newestSide()].kind === "end";
    if (!complete) {
      void this.open(this.filter);
      return;
    }
    this.flush();
    this.set({ jump: { n: this.state.jump.n + 1, eventId: null } });
  };

  async load(side: Side): Promise<void> {
    const { window, busy, status } = this.state;
    const edge = window[side];
    if (!this.filter || status !== "ready" || busy[side] || edge.kind === "end") return;
    const signal = this.abort.signal;
    this.set({ busy: { ...busy, [side]: true } });
    try {
      const page = await this.source.timeline(this.edgeQuery(this.filter, edge, side), signal);
      if (signal.aborted) return;
      this.set({
        window: extendWindow(this.state.window, page, side),
        gaps: mergeGaps(this.state.gaps, page.complete.gaps),
        busy: { ...this.state.busy, [side]: false },
      });
    } catch (error) {
      if (signal.aborted) return;
      this.set({ error: error as ApiError, busy: { ...this.state.busy, [side]: false } });
    }
  }

  /** Rows of the live stream: shown when the newest end is in view, otherwise counted. */
  receive(items: readonly Item[]): void {
    if (this.state.status !== "ready" || !this.filter?.endsNow) return;
    const fresh = items.filter((item) => !this.state.window.ids.has(item.eventId));
    if (fresh.length === 0) return;
    const pending = this.state.pending + fresh.length;
    if (this.pendingItems.length + fresh.length <= PENDING_MAX) this.pendingItems.push(...fresh);
    this.set({ pending });
    if (this.topInView) this.flush();
  }

  /** The grid says whether the newest end is in view. */
  setTopInView(inView: boolean): void {
    this.topInView = inView;
    if (inView && this.state.pending > 0) this.flush();
  }

  private flush(): void {
    const atNewest = this.state.window[this.newestSide()].kind === "end";
    if (!atNewest || this.pendingItems.length !== this.state.pending) return;
    const items = this.pendingItems;
    this.pendingItems = [];
    this.set({ window: addLive(this.state.window, items), pending: 0 });
  }

  private newestSide(): Side {
    return this.state.window.order === "desc" ? "top" : "bottom";
  }

  private async fetchFirst(filter: Filter, at: OpenAt, signal: AbortSignal) {
    const base = { ...filter.query, order: filter.order, limit: PAGE_ROWS };
    if (at.eventId !== undefined) {
      const around = await this.around({ ...base, around: at.eventId }, signal);
      if (around?.items.some((item) => item.eventId === at.eventId)) {
        return { page: around, window: openWindow(around, filter.order) };
      }
    }
    if (at.time === undefined) {
      const page = await this.source.timeline(base, signal);
      return { page, window: openWindow(page, filter.order) };
    }
    const bound = filter.order === "desc" ? { to: at.time } : { from: at.time };
    const page = await this.source.timeline({ ...base, ...bound }, signal);
    const window = openWindow(page, filter.order);
    const first = window.items[0];
    // The bound cut off what is above: it is found again around the first row.
    return { page, window: first ? { ...window, top: { kind: "around", eventId: first.eventId } as Edge } : window };
  }

  /** An event may be outside of the filter or gone: then the timeline opens at its start. */
  private async around(query: Query, signal: AbortSignal): Promise<TimelinePage | null> {
    try {
      return await this.source.timeline(query, signal);
    } catch (error) {
      const status = (error as ApiError).status;
      if (status === 404 || status === 400) return null;
      throw error;
    }
  }

  private edgeQuery(filter: Filter, edge: Exclude<Edge, { kind: "end" }>, side: Side): Query {
    const base = { ...filter.query, order: filter.order, limit: PAGE_ROWS };
    if (edge.kind === "around") return { ...base, around: edge.eventId };
    return { ...base, cursor: edge.cursor, dir: direction(filter.order, side) };
  }

  private set(change: Partial<Snapshot>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}
