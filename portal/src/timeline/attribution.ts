// How the timeline says which script did it: its name and how sure that is, or that several can have done it.
import type { Item } from "../api/types";
import { textOr, translator } from "../i18n/text";
import type { Lang } from "../time/time";

export interface ScriptLabel {
  name: string;
  /** Empty when there is nothing to add: the process runs this one script. */
  level: string;
  /** The whole path. */
  title?: string;
}

/** The last part of a path of either system; a text that is in no file has none. */
export function scriptName(path: string): string {
  return path.startsWith("(") ? path : path.split(/[\\/]/).at(-1) ?? path;
}

export function scriptLabel(item: Item, lang: Lang): ScriptLabel | undefined {
  if (item.script !== undefined && item.script !== "") {
    const level = item.attribution === undefined ? "" : textOr(lang, `script.level.${item.attribution}`, "");
    return { name: scriptName(item.script), level, title: item.script };
  }
  if (item.attribution !== "ambiguous") return undefined;
  const t = translator(lang);
  const n = item.possibleScripts;
  return { name: n === undefined ? t("script.possible.some") : t("script.possible", { n }), level: "" };
}

export interface Candidate {
  script: string;
  reasons: string[];
}

/** What stands behind an attribution, from the event's fields. */
export interface AttributionDetails {
  /** Outermost first. */
  stack: string[];
  candidates: Candidate[];
  reasons: string[];
  evidence: string[];
}

export function attributionDetails(additional: string | undefined, evidence: string | undefined): AttributionDetails {
  const details = member(parse(additional), "Attribution");
  const candidates = list(member(details, "Candidates")).map((candidate) => ({
    script: text(member(candidate, "Script")) ?? text(member(candidate, "RunId")) ?? "",
    reasons: texts(member(candidate, "Reasons")),
  }));
  return {
    stack: texts(member(details, "ScriptStack")),
    candidates,
    reasons: texts(member(details, "Reasons")),
    evidence: texts(parse(evidence)),
  };
}

function parse(json: string | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function texts(value: unknown): string[] {
  return list(value).filter((item): item is string => typeof item === "string");
}
