// The side pane: its place, its width, its handle. The content comes lazily.
import type { KeyboardEvent, PointerEvent } from "react";
import { Suspense, lazy, memo, useEffect, useRef, useState } from "react";
import { useText } from "../i18n/text";
import { PANE_WIDTH_MAX, PANE_WIDTH_MIN, setPrefs, usePrefs } from "../prefs/prefs";
import type { Selection } from "../timeline/selection";
import { useSelected } from "../timeline/selection";
import type { TimelineStore } from "../timeline/store";
import type { ChangeView } from "../timeline/view";
import { Skeleton } from "../ui/states";
import "./pane.css";

const EventPane = lazy(() => import("./EventPane"));

const WIDTH_STEP_PX = 20;
/** While `j` is held, only the event it stops at is fetched. */
const SETTLE_MS = 120;

export const PaneArea = memo(function PaneArea({ store, selection, change }: {
  store: TimelineStore;
  selection: Selection;
  change: ChangeView;
}) {
  const t = useText();
  const { eventId, paneOpen } = useSelected(selection);
  const shown = useSettled(paneOpen ? eventId : null);
  const { paneWidth } = usePrefs();
  const [dragged, setDragged] = useState<number | null>(null);
  if (!paneOpen || eventId === null) return null;
  const width = dragged ?? paneWidth;
  return (
    <>
      <Handle width={width} onDrag={setDragged} onDone={(done) => {
        setDragged(null);
        setPrefs({ paneWidth: done });
      }} />
      <aside className="pane" style={{ width }} aria-label={t("pane.label")}>
        <Suspense fallback={<Skeleton label={t("timeline.loading")} />}>
          <EventPane eventId={shown ?? eventId} store={store} selection={selection} change={change} />
        </Suspense>
      </aside>
    </>
  );
});

function useSettled(eventId: string | null): string | null {
  const [settled, setSettled] = useState(eventId);
  const changedAt = useRef(0);
  useEffect(() => {
    const at = performance.now();
    const quick = at - changedAt.current < SETTLE_MS;
    changedAt.current = at;
    if (!quick) {
      setSettled(eventId);
      return;
    }
    const timer = setTimeout(() => setSettled(eventId), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [eventId]);
  return settled;
}

const clamp = (width: number) => Math.max(PANE_WIDTH_MIN, Math.min(PANE_WIDTH_MAX, Math.round(width)));

function Handle({ width, onDrag, onDone }: { width: number; onDrag: (width: number) => void; onDone: (width: number) => void }) {
  const t = useText();
  const start = useRef<{ x: number; width: number } | null>(null);
  const at = (event: PointerEvent) => clamp(start.current!.width + start.current!.x - event.clientX);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowLeft" ? WIDTH_STEP_PX : event.key === "ArrowRight" ? -WIDTH_STEP_PX : 0;
    if (step === 0) return;
    event.preventDefault();
    onDone(clamp(width + step));
  };
  return (
    // A focusable separator with a value is a widget; the rule takes every separator for a line.
    <div
      className="pane-handle" role="separator" aria-orientation="vertical" aria-label={t("pane.resize")} tabIndex={0}
      aria-valuenow={width} aria-valuemin={PANE_WIDTH_MIN} aria-valuemax={PANE_WIDTH_MAX} onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        start.current = { x: event.clientX, width };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => start.current && onDrag(at(event))}
      onPointerUp={(event) => {
        if (start.current) onDone(at(event));
        start.current = null;
      }}
    />
  );
}
