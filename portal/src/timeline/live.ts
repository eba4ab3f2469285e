// The live stream of a timeline. Rows are handed on at most four times a second.
import type { Item } from "../api/types";

const FLUSH_MS = 250;
/** A burst beyond this is counted by the next full load, not kept. */
const BUFFER_ROWS_MAX = 5000;

export type LiveState = "connecting" | "open" | "waiting";

export function followStream(
  url: string, onRows: (items: Item[]) => void, onState: (state: LiveState) => void,
): () => void {
  let buffer: Item[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stream = new EventSource(url);
  onState("connecting");
  const flush = () => {
    timer = undefined;
    const items = buffer;
    buffer = [];
    onRows(items);
  };
  stream.addEventListener("open", () => onState("open"));
  // The browser connects again by itself.
  stream.addEventListener("error", () => onState("waiting"));
  stream.addEventListener("rows", (event) => {
    const { items } = JSON.parse((event as MessageEvent<string>).data) as { items: Item[] };
    if (buffer.length + items.length <= BUFFER_ROWS_MAX) buffer.push(...items);
    timer ??= setTimeout(flush, FLUSH_MS);
  });
  return () => {
    clearTimeout(timer);
    stream.close();
  };
}
