// The completeness band: is the record whole in this range? Gaps are drawn and said.
import type { Gap, Summary } from "../api/types";
import type { Translate } from "../i18n/text";
import { count, useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { toMs } from "../time/time";
import { CheckIcon, WarnIcon } from "../ui/icons";
import { gapText } from "./gapText";
import type { Histogram } from "./histogram";
import { bandParts, lostTotal } from "./histogram";
import { gapKey } from "./rows";

export function Band({ summary, histogram, onJump }: {
  summary: Summary | undefined;
  histogram: Histogram | undefined;
  onJump: (ms: number) => void;
}) {
  const t = useText();
  const { lang, zone } = usePrefs();
  const gaps = summary?.complete.gaps ?? [];
  const parts = histogram ? bandParts(gaps, histogram.fromMs, histogram.toMs) : [];
  return (
    <div className="band" role="group" aria-label={t("timeline.band")} data-state={summary?.complete.state ?? "loading"}>
      {parts.map((part) => (
        <button
          key={gapKey(part.gap)} type="button" className="band-gap" style={{ left: `${part.left}%`, width: `${part.width}%` }}
          title={gapText(part.gap, t, lang, zone)} aria-label={gapText(part.gap, t, lang, zone)}
          onClick={() => onJump(toMs(part.gap.to))}
        />
      ))}
    </div>
  );
}

/** The same in words, beside the device's name. */
export function Completeness({ summary }: { summary: Summary | undefined }) {
  const t = useText();
  if (!summary) return null;
  const { state, gaps } = summary.complete;
  if (state === "complete") {
    return <span className="completeness ok" title={t("timeline.complete")}><CheckIcon size={14} />{t("timeline.complete.short")}</span>;
  }
  const text = state === "unknown" ? t("timeline.gaps.unknown") : gapsText(gaps, t);
  return <span className="completeness gaps"><WarnIcon size={14} />{text}</span>;
}

function gapsText(gaps: readonly Gap[], t: Translate): string {
  const lost = lostTotal(gaps);
  const values = { gaps: gaps.length, n: count(lost.count) };
  if (lost.unknown) return t(lost.count > 0 ? "timeline.gaps.lostMin" : "timeline.gaps.lostUnknown", values);
  return t(gaps.length === 1 ? "timeline.gaps.lostOne" : "timeline.gaps.lost", values);
}
