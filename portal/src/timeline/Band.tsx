// The completeness band: is the record whole in this range? Gaps are drawn and said.
import type { MouseEvent } from "react";
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

/** A click so near to a thin gap means the gap. */
const NEAR_PERCENT = 0.6;
/** A jump lands just after a gap, so that its row is in view. */
const AFTER_MS = 1000;

export function Band({ summary, histogram, onJump }: {
  summary: Summary | undefined;
  histogram: Histogram | undefined;
  onJump: (ms: number) => void;
}) {
  const t = useText();
  const { lang, zone } = usePrefs();
  const gaps = summary?.complete.gaps ?? [];
  const parts = histogram ? bandParts(gaps, histogram.fromMs, histogram.toMs) : [];
  // A gap of seconds is too thin to aim at: the whole band is the target, and rows and the button
  // above say the same for the keyboard.
  const jump = (event: MouseEvent<HTMLDivElement>) => {
    if (!histogram) return;
    const box = event.currentTarget.getBoundingClientRect();
    const at = (event.clientX - box.left) / box.width;
    const near = parts.find((part) => Math.abs(part.left + part.width / 2 - at * 100) <= Math.max(part.width / 2, NEAR_PERCENT));
    onJump(near ? toMs(near.gap.to) + AFTER_MS : histogram.fromMs + at * (histogram.toMs - histogram.fromMs));
  };
  return (
    <div className="band" role="group" aria-label={t("timeline.band")} data-state={summary?.complete.state ?? "loading"} onClick={jump}>
      {parts.map((part) => (
        <span
          key={gapKey(part.gap)} role="img" className="band-gap" style={{ left: `${part.left}%`, width: `${part.width}%` }}
          title={gapText(part.gap, t, lang, zone)} aria-label={gapText(part.gap, t, lang, zone)}
        />
      ))}
    </div>
  );
}

/** The same in words, beside the device's name. */
export function Completeness({ summary, onJump }: { summary: Summary | undefined; onJump: (ms: number) => void }) {
  const t = useText();
  if (!summary) return null;
  const { state, gaps } = summary.complete;
  if (state === "complete") {
    return <span className="completeness ok" title={t("timeline.complete")}><CheckIcon size={14} />{t("timeline.complete.short")}</span>;
  }
  const text = state === "unknown" ? t("timeline.gaps.unknown") : gapsText(gaps, t);
  const latest = gaps.toSorted((a, b) => (a.to < b.to ? 1 : -1))[0];
  if (!latest) return <span className="completeness gaps"><WarnIcon size={14} />{text}</span>;
  return (
    <button type="button" className="completeness gaps" title={t("timeline.gaps.show")} onClick={() => onJump(toMs(latest.to) + AFTER_MS)}>
      <WarnIcon size={14} />{text}
    </button>
  );
}

function gapsText(gaps: readonly Gap[], t: Translate): string {
  const lost = lostTotal(gaps);
  const values = { gaps: gaps.length, n: count(lost.count) };
  if (lost.unknown && gaps.length === 1) return t("timeline.gaps.oneUnknown");
  if (lost.unknown) return t(lost.count > 0 ? "timeline.gaps.lostMin" : "timeline.gaps.lostUnknown", values);
  return t(gaps.length === 1 ? "timeline.gaps.lostOne" : "timeline.gaps.lost", values);
}
