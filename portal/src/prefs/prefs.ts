// What this reader prefers: theme, language, zone, pane width, live. Kept in the browser, never in the address.
import { useSyncExternalStore } from "react";
import type { Lang, Zone } from "../time/time";

export type Theme = "light" | "dark" | "auto";

export interface Prefs {
  theme: Theme;
  lang: Lang;
  zone: Zone;
  paneWidth: number;
  live: boolean;
}

const STORAGE_KEY = "nenrin.prefs";
export const PANE_WIDTH_MIN = 360;
export const PANE_WIDTH_MAX = 760;

function defaults(): Prefs {
  return { theme: "auto", lang: navigator.language.startsWith("ja") ? "ja" : "en", zone: "local", paneWidth: 460, live: true };
}

/** Reads stored preferences; anything unknown falls back to its default. */
export function readPrefs(text: string | null, base: Prefs): Prefs {
  let stored: Partial<Prefs> = {};
  try {
    stored = (JSON.parse(text ?? "{}") ?? {}) as Partial<Prefs>;
  } catch {
    // A broken entry is as good as none.
  }
  const one = <T>(value: unknown, allowed: readonly T[], fallback: T): T =>
    allowed.includes(value as T) ? (value as T) : fallback;
  const width = Number(stored.paneWidth);
  return {
    theme: one(stored.theme, ["light", "dark", "auto"] as const, base.theme),
    lang: one(stored.lang, ["en", "ja"] as const, base.lang),
    zone: one(stored.zone, ["local", "utc"] as const, base.zone),
    paneWidth: width >= PANE_WIDTH_MIN && width <= PANE_WIDTH_MAX ? width : base.paneWidth,
    live: one(stored.live, [true, false] as const, base.live),
  };
}

let current: Prefs | undefined;
const listeners = new Set<() => void>();

export function prefs(): Prefs {
  current ??= readPrefs(storage()?.getItem(STORAGE_KEY) ?? null, defaults());
  return current;
}

export function setPrefs(change: Partial<Prefs>): void {
  current = { ...prefs(), ...change };
  try {
    storage()?.setItem(STORAGE_KEY, JSON.stringify(current));
  } catch {
    // A full or forbidden storage only means that the choice is not kept.
  }
  applyPrefs();
  for (const listener of listeners) listener();
}

/** Puts theme and language on the document. */
export function applyPrefs(): void {
  const { theme, lang } = prefs();
  const root = document.documentElement;
  root.lang = lang;
  root.dataset["theme"] = isDark(theme) ? "dark" : "light";
}

export function isDark(theme: Theme): boolean {
  return theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
}

/** Follows the system's theme while the reader has chosen none. */
export function followSystemTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    applyPrefs();
    for (const listener of listeners) listener();
  });
}

function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePrefs(): Prefs {
  return useSyncExternalStore(subscribe, prefs);
}
