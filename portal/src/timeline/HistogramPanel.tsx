// The histogram with its completeness band, and the same as a table.
import { Suspense, lazy, memo, useMemo, useState } from "react";
import type { Summary } from "../api/types";
import { count, useText } from "../i18n/text";
import { isDark, usePrefs } from "../prefs/prefs";
import { hms, ymd } from "../time/time";
import { TableIcon, ZoomInIcon, ZoomOutIcon } from "../ui/icons";
import { Band } from "./Band";
import type { Histogram } from "./histogram";
import { histogramOf } from "./histogram";

const Chart = lazy(() => import("./Chart"));

export const HistogramPanel = memo(function HistogramPanel({ summary, onBrush, onJump, onZoom }: {
  summary: Summary | undefined;
  onBrush: (fromMs: number, toMs: number) => void;
  onJump: (ms: number) => void;
  onZoom: (factor: number) => void;
}) {
  const t = useText();
  const { zone, theme } = usePrefs();
  const [asTable, setAsTable] = useState(false);
  const histogram = useMemo(() => (summary ? histogramOf(summary) : undefined), [summary]);
  const label = summary && t("timeline.histogram", {
    n: count(summary.matched), failed: count(summary.failedTotal), buckets: summary.total.length,
  });
  return (
    <div className="histogram">
      <div className="chart-box">
        {histogram && !asTable && (
          <div className="chart" role="img" aria-label={label}>
            <Suspense><Chart key={`${zone} ${isDark(theme)}`} histogram={histogram} zone={zone} onBrush={onBrush} onJump={onJump} /></Suspense>
          </div>
        )}
        {histogram && asTable && <HistogramTable histogram={histogram} />}
        <Band summary={summary} histogram={histogram} onJump={onJump} />
      </div>
      <div className="chart-tools">
        <button type="button" className="button small plain icon" title={t("timeline.zoomIn")} aria-label={t("timeline.zoomIn")} onClick={() => onZoom(0.5)}><ZoomInIcon size={14} /></button>
        <button type="button" className="button small plain icon" title={t("timeline.zoomOut")} aria-label={t("timeline.zoomOut")} onClick={() => onZoom(2)}><ZoomOutIcon size={14} /></button>
        <button
          type="button" className="button small plain icon" aria-pressed={asTable} title={t(asTable ? "timeline.histogram.chart" : "timeline.histogram.table")}
          aria-label={t("timeline.histogram.table")} onClick={() => setAsTable(!asTable)}
        ><TableIcon size={14} /></button>
      </div>
    </div>
  );
});

function HistogramTable({ histogram }: { histogram: Histogram }) {
  const t = useText();
  const { zone } = usePrefs();
  const rows = histogram.total.flatMap((total, i) => (total > 0 ? [{ ms: histogram.fromMs + i * histogram.stepMs, total, failed: histogram.failed[i] ?? 0 }] : []));
  return (
    <div className="chart-table" tabIndex={0} role="region" aria-label={t("timeline.histogram.table")}>
      <table>
        <thead>
          <tr><th scope="col">{t("timeline.histogram.time")}</th><th scope="col">{t("timeline.histogram.total")}</th><th scope="col">{t("timeline.histogram.failed")}</th></tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.ms}><th scope="row">{ymd(row.ms, zone)} {hms(row.ms, zone).slice(0, 8)}</th><td>{count(row.total)}</td><td>{count(row.failed)}</td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
