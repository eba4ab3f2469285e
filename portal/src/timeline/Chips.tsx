// Event groups with their counts: click to filter. Counts are those of the other filters.
import { memo, useState } from "react";
import type { Summary } from "../api/types";
import { count, useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { GroupIcon } from "./GroupIcon";
import { GROUP_NAMES, groupLabel } from "./names";
import type { ChangeView, View } from "./view";

/** These stay visible with zero events: that nothing happened is an answer too. */
const ALWAYS = new Set<string>(["Processes", "Files", "Network", "Dns", "UserActivity", "Sensor", "Other"]);

export const Chips = memo(function Chips({ view, summary, change }: { view: View; summary: Summary | undefined; change: ChangeView }) {
  const t = useText();
  const { lang } = usePrefs();
  const [all, setAll] = useState(false);
  const selected = new Set(view.groups);
  const shown = GROUP_NAMES.filter((name) => all || ALWAYS.has(name) || selected.has(name) || (summary?.groups[name]?.n ?? 0) > 0);
  const hidden = GROUP_NAMES.length - shown.length;
  const toggle = (name: string) =>
    change({ groups: selected.has(name) ? view.groups.filter((group) => group !== name) : [...view.groups, name] });
  return (
    <div className="chips">
      <div className="chip-list" role="group" aria-label={t("timeline.groups")}>
        {shown.map((name) => {
          const counts = summary?.groups[name];
          const label = groupLabel(name, lang);
          return (
            <button
              key={name} type="button" className="chip" aria-pressed={selected.has(name)} data-empty={counts?.n === 0}
              title={counts && t("timeline.chip", { group: label, n: count(counts.n), failed: count(counts.failed) })}
              onClick={() => toggle(name)}
            >
              <GroupIcon group={name} />
              <span>{label}</span>
              <span className="chip-n">{counts ? count(counts.n) : "…"}</span>
              {!view.fail && counts !== undefined && counts.failed > 0 && <span className="chip-failed">{count(counts.failed)} ✗</span>}
            </button>
          );
        })}
        {(hidden > 0 || all) && (
          <button type="button" className="chip plain" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? t("timeline.groups.less") : t("timeline.groups.more", { n: hidden })}
          </button>
        )}
        {selected.size > 0 && (
          <button type="button" className="chip plain" onClick={() => change({ groups: [] })}>✕ {t("timeline.groups.clear")}</button>
        )}
      </div>
      <p className="matched" aria-live="polite">
        {summary && (
          <>
            <b>{t("timeline.count", { n: count(summary.matched) })}</b>
            {summary.failedTotal > 0 && <span className="fail"> · {t("timeline.count.failed", { n: count(summary.failedTotal) })}</span>}
          </>
        )}
      </p>
    </div>
  );
});
