// One event in full: sentence, both clocks, who did what, process tree, every field.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { api } from "../api/client";
import type { EventAnswer, Item } from "../api/types";
import { useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import type { Lang } from "../time/time";
import { dayText, hms, subMs, toMs, zoneName } from "../time/time";
import { linkText } from "../timeline/Toolbar";
import { addTerm, fieldTerm } from "../timeline/search";
import type { Selection } from "../timeline/selection";
import { sentence } from "../timeline/sentence";
import type { TimelineStore } from "../timeline/store";
import { fixedRange, readState } from "../timeline/url";
import type { ChangeView } from "../timeline/view";
import { CopyButton } from "../ui/Copy";
import { CloseIcon, FilterIcon, LinkIcon } from "../ui/icons";
import { ErrorState, Skeleton } from "../ui/states";
import { AllFields } from "./AllFields";
import type { AddTerm } from "./Value";
import { ProcessTree } from "./ProcessTree";
import { Who } from "./Who";

const CONTEXT_MS = [1_000, 5_000, 30_000, 300_000, 1_800_000];
/** Lines of a usual tree, so that the fields below do not jump. */
const TREE_LINES = 5;
const CONTEXT_LABELS: Record<Lang, string[]> = {
  en: ["±1 s", "±5 s", "±30 s", "±5 min", "±30 min"],
  ja: ["±1 秒", "±5 秒", "±30 秒", "±5 分", "±30 分"],
};

export default function EventPane({ eventId, store, selection, change }: {
  eventId: string;
  store: TimelineStore;
  selection: Selection;
  change: ChangeView;
}) {
  const t = useText();
  const query = useQuery({
    queryKey: ["event", eventId],
    queryFn: ({ signal }) => api.event(eventId, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  const answer = query.data?.item.eventId === eventId ? query.data : undefined;
  const item = answer?.item ?? store.snapshot().window.items.find((known) => known.eventId === eventId);
  const add = useCallback<AddTerm>((term) => change({ q: addTerm(currentSearch(), term) }), [change]);
  return (
    <>
      <button type="button" className="button small plain icon pane-close" title={t("pane.close")} aria-label={t("pane.close")} onClick={() => selection.closePane()}>
        <CloseIcon />
      </button>
      {item && <Head item={item} answer={answer} selection={selection} change={change} add={add} />}
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {!query.isError && !query.data && <Skeleton label={t("timeline.loading")} />}
      {query.data && !query.isError && (
        <div className="pane-body" aria-busy={answer === undefined} data-stale={answer === undefined}>
          <Who item={query.data.item} fields={query.data.fields} add={add} />
          <TreeSection eventId={eventId} add={add} />
          <AllFields fields={query.data.fields} add={add} />
        </div>
      )}
    </>
  );
}

/** Comes after the fields: it takes the server several look-ups. The tree before stays, dimmed. */
function TreeSection({ eventId, add }: { eventId: string; add: AddTerm }) {
  const t = useText();
  const query = useQuery({
    queryKey: ["tree", eventId],
    queryFn: ({ signal }) => api.eventTree(eventId, signal),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  return (
    <section className="pane-section pane-tree" data-stale={query.isPlaceholderData} aria-busy={query.isFetching}>
      <h3>{t("pane.tree")}</h3>
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton label={t("timeline.loading")} lines={TREE_LINES} />}
      {query.data && <ProcessTree tree={query.data} onFilter={(name) => add(fieldTerm("proc", name))} />}
      {query.data === null && <p className="dim">{t("pane.tree.none")}</p>}
    </section>
  );
}

function currentSearch(): string {
  return readState(Object.fromEntries(new URLSearchParams(location.search))).q;
}

function Head({ item, answer, selection, change, add }: {
  item: Item;
  answer: EventAnswer | undefined;
  selection: Selection;
  change: ChangeView;
  add: AddTerm;
}) {
  const t = useText();
  const { lang, zone } = usePrefs();
  const ms = toMs(item.time);
  const rest = subMs(item.time);
  const clock = (which: "local" | "utc") => `${hms(ms, which)}${rest === "" ? "" : ` ${rest}`} ${zoneName(ms, which)}`;
  const around = (spanMs: number) =>
    change({ range: fixedRange(ms - spanMs, ms + spanMs + 1), q: "", groups: [], fail: false, event: item.eventId });
  return (
    <header className="pane-head">
      <h2>{sentence(item, lang)}</h2>
      <p className="dim clocks">
        <span>{dayText(ms, zone, lang)} · <span className="mono">{item.actionType}</span></span>
        <span className="mono">{clock("local")}{zoneName(ms, "local") !== "UTC" && ` · ${clock("utc")}`}</span>
      </p>
      <div className="pane-actions">
        <CopyButton className="button small" label={t("pane.copyLink")} icon={<LinkIcon size={14} />} text={() => linkText(selection)}>{t("pane.copyLink")}</CopyButton>
        <CopyButton className="button small" label={t("pane.copyJson")} text={() => JSON.stringify(answer ?? item, null, 2)}>{t("pane.copyJson")}</CopyButton>
        {item.processName !== undefined && (
          <button type="button" className="button small" onClick={() => add(fieldTerm("proc", item.processName!))}><FilterIcon size={14} />{t("pane.follow")}</button>
        )}
      </div>
      <div className="pane-context" role="group" aria-label={t("pane.context")}>
        <span className="dim">{t("pane.context")}</span>
        {CONTEXT_MS.map((span, i) => (
          <button key={span} type="button" className="button small" onClick={() => around(span)}>{CONTEXT_LABELS[lang][i]}</button>
        ))}
      </div>
    </header>
  );
}
