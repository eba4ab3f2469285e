// Search, failures only, live, range, order, copy link.
import { memo, useCallback } from "react";
import { useText } from "../i18n/text";
import { setPrefs, usePrefs } from "../prefs/prefs";
import { now } from "../time/time";
import { CopyButton } from "../ui/Copy";
import { ArrowDownIcon, ArrowUpIcon, LinkIcon } from "../ui/icons";
import { RangePicker } from "./RangePicker";
import { SearchBox } from "./SearchBox";
import type { LiveState } from "./live";
import type { Selection } from "./selection";
import type { Range } from "./url";
import { frozen, readState, searchText, writeState } from "./url";
import type { ChangeView, View } from "./view";

export const Toolbar = memo(function Toolbar({ view, change, live, selection }: {
  view: View;
  change: ChangeView;
  live: LiveState | "off";
  selection: Selection;
}) {
  const t = useText();
  const search = useCallback((q: string, typing: boolean) => change({ q }, { replace: typing }), [change]);
  const setRange = useCallback((range: Range) => change({ range }), [change]);
  const orderText = t(`timeline.order.${view.order}`);
  const orderLabel = t("timeline.order.label", { order: orderText });
  return (
    <div className="toolbar">
      <SearchBox value={view.q} label={t("timeline.search.label")} placeholder={t("timeline.search")} onSearch={search} />
      <button type="button" className="button" aria-pressed={view.fail} aria-keyshortcuts="!" onClick={() => change({ fail: !view.fail })}>
        {t("timeline.failures")}
      </button>
      <span className="spacer" />
      <LiveButton live={live} possible={view.range.kind === "last"} />
      <RangePicker range={view.range} onRange={setRange} />
      <button
        type="button" className="button" title={orderLabel} aria-label={orderLabel} aria-keyshortcuts="o"
        onClick={() => change({ order: view.order === "desc" ? "asc" : "desc" })}
      >{view.order === "desc" ? <ArrowDownIcon size={14} /> : <ArrowUpIcon size={14} />}<span className="order-text">{orderText}</span></button>
      <CopyButton className="button icon" label={t("timeline.copyLink")} icon={<LinkIcon />} text={() => linkText(selection)} />
    </div>
  );
});

/** A copied link shows the same rows tomorrow: its range is frozen, the event named. */
export function linkText(selection: Selection): string {
  const state = readState(Object.fromEntries(new URLSearchParams(location.search)));
  const event = selection.get().eventId ?? undefined;
  return location.origin + location.pathname + searchText(writeState(frozen(state, now(), event)));
}

function LiveButton({ live, possible }: { live: LiveState | "off"; possible: boolean }) {
  const t = useText();
  const wanted = usePrefs().live;
  const title = live === "off" ? t("timeline.live.off") : live === "open" ? t("timeline.live.on") : t("timeline.live.waiting");
  return (
    <button
      type="button" className="button live" data-live={live} aria-pressed={possible && wanted} disabled={!possible} title={title}
      onClick={() => setPrefs({ live: !wanted })}
    ><span className="live-dot" aria-hidden="true" />{t("timeline.live")}</button>
  );
}
