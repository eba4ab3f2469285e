// The timeline of one device.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { api } from "../api/client";
import { useText } from "../i18n/text";
import { PaneArea } from "../pane/PaneArea";
import { now, toIso, toMs } from "../time/time";
import { Chips } from "../timeline/Chips";
import { DeviceHead } from "../timeline/DeviceHead";
import { EmptyTimeline } from "../timeline/EmptyTimeline";
import { Grid } from "../timeline/Grid";
import { HistogramPanel } from "../timeline/HistogramPanel";
import { Toolbar } from "../timeline/Toolbar";
import { zoomed } from "../timeline/histogram";
import { useSelection } from "../timeline/selection";
import { fixedRange, rangeBounds } from "../timeline/url";
import { useLive, useStoreValue, useSummary, useTimelineStore } from "../timeline/useTimeline";
import { isFiltered, useView, viewFilter } from "../timeline/view";
import { addKeys } from "../ui/keys";
import "../timeline/timeline.css";

export function TimelinePage() {
  const t = useText();
  const { deviceId } = useParams({ strict: false }) as { deviceId: string };
  const { view, event, change } = useView(deviceId);
  const store = useTimelineStore(deviceId, view, event);
  const writeEvent = useCallback((next: string | undefined) => change({ event: next }, { replace: true }), [change]);
  const selection = useSelection(deviceId, event, writeEvent);
  const ready = useStoreValue(store, (state) => state.status === "ready");
  const answered = useStoreValue(store, (state) => state.status !== "loading");
  const device = useQuery({
    queryKey: ["device", deviceId], queryFn: ({ signal }) => api.device(deviceId, signal), enabled: answered, refetchInterval: 30_000,
  });
  const { summary, stale } = useSummary(deviceId, view, store);
  const live = useLive(deviceId, view, store);

  const brush = useCallback((fromMs: number, toMs_: number) => change({ range: fixedRange(fromMs, toMs_) }), [change]);
  const jump = useCallback((ms: number) => void store.open(viewFilter(view), { time: toIso(Math.round(ms)) }), [store, view]);
  const zoom = useCallback((factor: number) => {
    const bounds = rangeBounds(view.range, now());
    const { eventId } = selection.get();
    const item = store.snapshot().window.items.find((known) => known.eventId === eventId);
    const middle = item ? toMs(item.time) : (bounds.fromMs + bounds.toMs) / 2;
    const next = zoomed(bounds.fromMs, bounds.toMs, middle, factor);
    change({ range: fixedRange(next.fromMs, Math.min(next.toMs, now())) });
  }, [change, selection, store, view]);

  useEffect(() => {
    document.title = `${t("timeline.title", { device: device.data?.name ?? "…" })} – Nenrin`;
  }, [t, device.data?.name]);
  useEffect(() => addKeys({
    "!": () => change({ fail: !view.fail }),
    o: () => change({ order: view.order === "desc" ? "asc" : "desc" }),
    "[": () => zoom(2),
    "]": () => zoom(0.5),
    Escape: () => (selection.get().paneOpen ? selection.closePane() : false),
  }), [change, view, zoom, selection]);

  return (
    <main id="content" className="timeline" data-ready={ready ? "" : undefined} data-counts={summary && !stale ? "ready" : "loading"}>
      <DeviceHead device={device.data} summary={summary} onJump={jump} />
      <Toolbar view={view} change={change} live={live} selection={selection} />
      <HistogramPanel summary={summary} onBrush={brush} onJump={jump} onZoom={zoom} />
      <Chips view={view} summary={summary} change={change} />
      <div className="timeline-body">
        <Grid
          store={store} selection={selection} filtered={isFiltered(view)}
          empty={<EmptyTimeline view={view} device={device.data} change={change} />}
        />
        <PaneArea store={store} selection={selection} change={change} />
      </div>
    </main>
  );
}
