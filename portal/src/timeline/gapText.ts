// What a gap says to a person.
import type { Gap } from "../api/types";
import type { Translate } from "../i18n/text";
import { count, textOr } from "../i18n/text";
import type { Lang, Zone } from "../time/time";
import { hms, toMs } from "../time/time";
import { spanText } from "../time/span";
import { groupLabel } from "./names";

/** Gaps of these reasons have no single lost events: nothing was recorded at all. */
const DOWN_REASONS = new Set(["sensor_down", "stalled"]);
const KIND_GROUPS: Record<string, string> = { process: "Processes", file: "Files", network: "Network", dns: "Dns" };

export function reasonText(gap: Gap, t: Translate, lang: Lang): string {
  return textOr(lang, `reason.${gap.reason}`, t("reason.other", { reason: gap.reason }));
}

export function gapText(gap: Gap, t: Translate, lang: Lang, zone: Zone): string {
  const from = toMs(gap.from);
  const to = toMs(gap.to);
  const span = to > from ? `${hms(from, zone).slice(0, 8)}–${hms(to, zone).slice(0, 8)} (${spanText(to - from, lang)})` : hms(from, zone);
  const reason = reasonText(gap, t, lang);
  if (gap.count === undefined && DOWN_REASONS.has(gap.reason)) return `${span} ${t("timeline.gap.down", { reason })}`;
  const lost = gap.count === undefined ? t("timeline.gap.count.unknown") : t("timeline.gap.count", { n: count(gap.count) });
  const kind = kindText(gap.kind, lang);
  const what = kind === "" ? t("timeline.gap.all", { count: lost, reason }) : t("timeline.gap", { kind, count: lost, reason });
  return `${span} ${what}`;
}

function kindText(kind: string | undefined, lang: Lang): string {
  if (kind === undefined || kind === "" || kind === "all") return "";
  return groupLabel(KIND_GROUPS[kind.toLowerCase()] ?? kind, lang);
}
