// j k ↓ ↑ Home End Enter for the grid.
import { useEffect, useRef } from "react";
import { addKeys } from "../ui/keys";
import type { DisplayRow } from "./rows";
import { nextSelectable, rowEvent } from "./rows";
import type { Selection } from "./selection";
import type { TimelineStore } from "./store";

interface Keys {
  rows: readonly DisplayRow[];
  places: ReadonlyMap<string, number>;
  selection: Selection;
  store: TimelineStore;
  scrollTo: (index: number) => void;
}

/** Keys of the grid work on the whole page, but not where another control has the focus. */
function isElsewhere(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return target !== document.body && target.closest('[role="grid"]') === null;
}

export function useGridKeys(keys: Keys): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const move = (step: 1 | -1) => {
      const { rows, places, selection, scrollTo } = current.current;
      const { eventId } = selection.get();
      const place = eventId === null ? undefined : places.get(eventId) ?? places.get(`g${eventId}`);
      // Without a selection in view both keys begin at the first row.
      const next = place === undefined ? nextSelectable(rows, -1, 1) : nextSelectable(rows, place, step);
      const event = rowEvent(rows[next]);
      if (event === undefined) return;
      selection.select(event);
      scrollTo(next);
    };
    const arrow = (step: 1 | -1) => (event: KeyboardEvent) => (isElsewhere(event) ? false : move(step));
    return addKeys({
      j: () => move(1),
      k: () => move(-1),
      ArrowDown: arrow(1),
      ArrowUp: arrow(-1),
      Enter: (event) => {
        const { selection } = current.current;
        if (isElsewhere(event) || selection.get().eventId === null) return false;
        return selection.openPane();
      },
      Home: (event) => (isElsewhere(event) ? false : current.current.store.showStart()),
    });
  }, []);
}
