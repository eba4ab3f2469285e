// Which event is selected and whether its pane is open. Only the grid and the pane subscribe.
import { useEffect, useMemo, useSyncExternalStore } from "react";

/** Holding `j` must not hit the browsers' limit on history changes. */
const URL_WRITE_MS = 200;

export interface Selected {
  eventId: string | null;
  paneOpen: boolean;
}

export class Selection {
  private state: Selected;
  private readonly listeners = new Set<() => void>();

  constructor(eventId: string | undefined) {
    this.state = { eventId: eventId ?? null, paneOpen: eventId !== undefined };
  }

  get = (): Selected => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  select(eventId: string | null): void {
    this.set({ eventId, paneOpen: this.state.paneOpen && eventId !== null });
  }

  openPane(eventId = this.state.eventId): void {
    this.set({ eventId, paneOpen: eventId !== null });
  }

  closePane(): void {
    this.set({ ...this.state, paneOpen: false });
  }

  /** What the address bar should say. */
  get urlEvent(): string | undefined {
    return this.state.paneOpen && this.state.eventId !== null ? this.state.eventId : undefined;
  }

  private set(next: Selected): void {
    if (next.eventId === this.state.eventId && next.paneOpen === this.state.paneOpen) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }
}

export function useSelected(selection: Selection): Selected {
  return useSyncExternalStore(selection.subscribe, selection.get);
}

/** One selection per device, in step with `e` of the address. */
export function useSelection(deviceId: string, urlEvent: string | undefined, write: (event: string | undefined) => void): Selection {
  // The address decides at the start only; later the effect below follows it.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const selection = useMemo(() => new Selection(urlEvent), [deviceId]);
  useEffect(() => {
    if (urlEvent === selection.urlEvent) return;
    if (urlEvent === undefined) selection.closePane();
    else selection.openPane(urlEvent);
    // Only a change of the address counts here, not one of the selection.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [urlEvent]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = selection.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        write(selection.urlEvent);
      }, URL_WRITE_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [selection, write]);
  return selection;
}
