// Labels of actions and groups, from the generated schema.
import { ACTIONS, GROUPS } from "../generated/schema";
import type { EventGroup } from "../generated/schema";
import type { Lang } from "../time/time";

export const GROUP_NAMES = Object.keys(GROUPS) as EventGroup[];

/** An ActionType that this portal does not know is shown as it is. */
export function verb(actionType: string, lang: Lang): string {
  return ACTIONS[actionType]?.[lang] ?? actionType;
}

export function groupLabel(group: string, lang: Lang): string {
  return GROUPS[group as EventGroup]?.[lang] ?? group;
}
