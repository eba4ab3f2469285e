// 1 h, 24 h, 7 d, 30 d, or two instants.
import type { FormEvent } from "react";
import { memo, useEffect, useState } from "react";
import { useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { fromInput, hms, now, toInput, toMs, ymd, zoneName } from "../time/time";
import { addKeys } from "../ui/keys";
import type { Range } from "./url";
import { RANGES, fixedRange, rangeBounds } from "./url";

export const RangePicker = memo(function RangePicker({ range, onRange }: { range: Range; onRange: (range: Range) => void }) {
  const t = useText();
  const { zone } = usePrefs();
  const [open, setOpen] = useState(false);
  const fixed = range.kind === "fixed";
  return (
    <div className="range" role="group" aria-label={t("timeline.range")}>
      {RANGES.map((name) => (
        <button
          key={name} type="button" className="button" aria-pressed={!fixed && range.name === name}
          onClick={() => onRange({ kind: "last", name })}
        >{t(`timeline.range.${name}`)}</button>
      ))}
      <button type="button" className="button" aria-pressed={fixed} aria-expanded={open} onClick={() => setOpen(!open)}>
        {fixed ? fixedText(range.from, range.to, zone) : t("timeline.range.custom")}
      </button>
      {open && <CustomRange range={range} onRange={onRange} onClose={() => setOpen(false)} />}
    </div>
  );
});

function fixedText(from: string, to: string, zone: "local" | "utc"): string {
  const [fromMs, toMs_] = [toMs(from), toMs(to)];
  const digits = toMs_ - fromMs < 120_000 ? 8 : 5;
  const text = (ms: number) => `${ymd(ms, zone).slice(5)} ${hms(ms, zone).slice(0, digits)}`;
  const end = ymd(fromMs, zone) === ymd(toMs_, zone) ? hms(toMs_, zone).slice(0, digits) : text(toMs_);
  return `${text(fromMs)} – ${end}`;
}

function CustomRange({ range, onRange, onClose }: { range: Range; onRange: (range: Range) => void; onClose: () => void }) {
  const t = useText();
  const { zone } = usePrefs();
  const bounds = rangeBounds(range, now());
  const [from, setFrom] = useState(toInput(bounds.fromMs, zone));
  const [to, setTo] = useState(toInput(bounds.toMs, zone));
  const fromMs = fromInput(from, zone);
  const toMs_ = fromInput(to, zone);
  const wrong = fromMs === null || toMs_ === null || fromMs >= toMs_;
  useEffect(() => addKeys({ Escape: onClose }), [onClose]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wrong) return;
    onRange(fixedRange(fromMs, toMs_));
    onClose();
  };
  return (
    <form className="popover range-form" onSubmit={submit}>
      <label>{t("timeline.range.from")}
        <input type="datetime-local" className="input" autoFocus value={from} onChange={(event) => setFrom(event.target.value)} />
      </label>
      <label>{t("timeline.range.to")}
        <input type="datetime-local" className="input" value={to} onChange={(event) => setTo(event.target.value)} />
      </label>
      <span className="dim">{zoneName(bounds.toMs, zone)}</span>
      {wrong && <p className="fail" role="alert">{t("timeline.range.wrong")}</p>}
      <button type="submit" className="button primary" disabled={wrong}>{t("timeline.range.apply")}</button>
    </form>
  );
}
