// Sorts an event's fields into the pane's sections and finds among them.
import type { EventField } from "../api/types";
import type { TextKey } from "../i18n/en";

export type Section = "target" | "network" | "actor" | "script" | "user" | "event" | "other";

export const SECTIONS: readonly Section[] = ["event", "target", "network", "actor", "script", "user", "other"];

export const SECTION_LABELS: Record<Section, TextKey> = {
  event: "pane.section.event",
  target: "pane.section.target",
  network: "pane.section.network",
  actor: "pane.section.actor",
  script: "pane.section.script",
  user: "pane.section.user",
  other: "pane.section.other",
};

// The first rule that fits decides.
const RULES: readonly [RegExp, Section][] = [
  [/^(Timestamp|ActionType|Outcome|Error\w+|DurationUs|EventGroup|DeviceName|GapReason|LostCount|FirstSeen|LastSeen|FoldedCount)$/, "event"],
  [/Script|^Attribution/, "script"],
  [/^InitiatingProcess(Account|Session|Logon)/, "user"],
  [/^Initiating/, "actor"],
  [/^(Account|Logon|Terminal|CreatedProcessSession|RemoteSession)/, "user"],
  [/^(Remote|Local|Dns|Protocol|Connection)/, "network"],
  [/^(File|Folder|Previous|SHA|MD5|Process|Created|Additional|Registry|Container)/, "target"],
];

export function sectionOf(name: string): Section {
  return RULES.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}

/** Sections with fields, in order; fields keep the server's order. */
export function sections(fields: readonly EventField[], search: string): { section: Section; fields: EventField[] }[] {
  const wanted = search.normalize("NFKC").toLowerCase().trim();
  const matches = (field: EventField) =>
    wanted === "" || field.name.toLowerCase().includes(wanted) || String(field.value).normalize("NFKC").toLowerCase().includes(wanted);
  return SECTIONS
    .map((section) => ({ section, fields: fields.filter((field) => sectionOf(field.name) === section && matches(field)) }))
    .filter((part) => part.fields.length > 0);
}

export function fieldText(fields: readonly EventField[], name: string): string | undefined {
  const value = fields.find((field) => field.name === name)?.value;
  return value === undefined || value === "" ? undefined : String(value);
}
