// Keyboard shortcuts. One listener, attached at app start, so that a key pressed early is not lost.

/** Answers false when the key is not for it. */
export type KeyHandler = (event: KeyboardEvent) => false | void;
/** Keys are `KeyboardEvent.key` values; two keys in a row are written "g d". */
export type KeyMap = Record<string, KeyHandler>;

const SEQUENCE_MS = 1000;
const KEYCODE_IME = 229;

const maps: KeyMap[] = [];
let prefix = "";
let prefixAt = 0;

/** Adds shortcuts; the map added last is asked first. Returns how to take them away. */
export function addKeys(map: KeyMap): () => void {
  maps.push(map);
  return () => {
    const index = maps.indexOf(map);
    if (index >= 0) maps.splice(index, 1);
  };
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target.tagName === "INPUT" && !["checkbox", "radio", "button"].includes((target as HTMLInputElement).type);
}

/** An input method that turns letters into kana still names the physical key. */
function keyName(event: KeyboardEvent): string {
  if (event.key.length === 1 && event.key.charCodeAt(0) > 127 && event.code === "Slash") return event.shiftKey ? "?" : "/";
  return event.key;
}

function onKey(event: KeyboardEvent): void {
  if (event.isComposing || event.keyCode === KEYCODE_IME || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = keyName(event);
  if (isTyping(event.target) && key !== "Escape") return;
  const sequence = prefix !== "" && event.timeStamp - prefixAt < SEQUENCE_MS ? `${prefix} ${key}` : "";
  prefix = key.length === 1 ? key : prefix;
  prefixAt = event.timeStamp;
  if (run(sequence, event) || run(key, event)) event.preventDefault();
}

function run(key: string, event: KeyboardEvent): boolean {
  if (key === "") return false;
  return maps.toReversed().some((map) => {
    const handler = map[key];
    return handler !== undefined && handler(event) !== false;
  });
}

export function listenForKeys(): void {
  document.addEventListener("keydown", onKey);
}
