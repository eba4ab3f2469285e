// Whether the help dialog is open.
import { useSyncExternalStore } from "react";

let open = false;
const listeners = new Set<() => void>();

export function openHelp(value: boolean): void {
  open = value;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useHelpOpen(): boolean {
  return useSyncExternalStore(subscribe, () => open);
}
