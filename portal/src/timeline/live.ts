// The live stream of a timeline. Rows are handed on at most four times a second.
import type { Item } from "../api/types";

const FLUSH_MS = 250;
/** The server allows only so many live streams. */
const REFUSED_WAIT_MS = 10_000;
/** A burst beyond this is counted by the next full load, not kept. */
const BUFFER_ROWS_MAX = 5000;

export type LiveState = "connecting" | "open" | "waiting";

export function followStream(
  url: string, onRows: (items: Item[]) => void, onState: (state: LiveState) => void,
): () => void {
  let buffer: Item[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let stream: EventSource | undefined;
  const flush = () => {
    timer = undefined;
    const items = buffer;
    buffer = [];
    onRows(items);
  };
  const onEvent = (event: MessageEvent<string>) => {
    const { items } = JSON.parse(event.data) as { items: Item[] };
    if (buffer.length + items.length <= BUFFER_ROWS_MAX) buffer.push(...items);
    timer ??= setTimeout(flush, FLUSH_MS);
  };
  const connect = () => {
    const made = new EventSource(url);
    stream = made;
    made.addEventListener("open", () => onState("open"));
    made.addEventListener("rows", onEvent);
    made.addEventListener("error", () => {
      onState("waiting");
      // The browser connects again by itself after a lost connection, but not after a refusal.
      if (made.readyState === EventSource.CLOSED) again = setTimeout(connect, REFUSED_WAIT_MS);
    });
  };
  onState("connecting");
  connect();
  return () => {
    clearTimeout(timer);
    clearTimeout(again);
    stream?.close();
  };
}
