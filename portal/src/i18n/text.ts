// Looks up a text in the reader's language.
import { usePrefs } from "../prefs/prefs";
import type { Lang } from "../time/time";
import type { TextKey } from "./en";
import { en } from "./en";
import { ja } from "./ja";

export type Values = Record<string, string | number>;
export type Translate = (key: TextKey, values?: Values) => string;

const dictionaries: Record<Lang, Record<TextKey, string>> = { en, ja };

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

const translators: Record<Lang, Translate> = {
  en: (key, values) => (values ? fill(en[key], values) : en[key]),
  ja: (key, values) => (values ? fill(ja[key], values) : ja[key]),
};

export function translator(lang: Lang): Translate {
  return translators[lang];
}

/** The text of a key that is made at run time, or the fallback. */
export function textOr(lang: Lang, key: string, fallback: string): string {
  return (dictionaries[lang] as Record<string, string>)[key] ?? fallback;
}

export function useText(): Translate {
  return translators[usePrefs().lang];
}

/** 219,975 in both languages, without an Intl object per number. */
export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}
