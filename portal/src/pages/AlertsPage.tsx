// The alerts: a queue with a pane. What is open and what is filtered stands in the address.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { AlertPane } from "../alerts/AlertPane";
import { AlertTable } from "../alerts/AlertTable";
import { api } from "../api/client";
import { count, useText } from "../i18n/text";
import { links } from "../links";
import type { SearchParams } from "../timeline/url";
import { goTo } from "../ui/go";
import { addKeys } from "../ui/keys";
import { EmptyState, ErrorState, Skeleton } from "../ui/states";
import "../devices/devices.css";
import "../pane/pane.css";
import "../alerts/alerts.css";

/** From the act to the alert it takes seconds: whoever waits for one should see it. */
const REFRESH_MS = 5_000;
const SEVERITIES = ["High", "Medium", "Low", "Informational"] as const;

export function AlertsPage() {
  const t = useText();
  const search = useSearch({ strict: false }) as SearchParams;
  const open = search["a"];
  const all = search["all"] === "1";
  const severity = SEVERITIES.find((name) => name === search["sev"]);
  const query = useQuery({
    queryKey: ["alerts", all, severity],
    queryFn: ({ signal }) => api.alerts({ all, severity }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const change = useCallback((next: SearchParams, replace = false) => {
    const params = Object.fromEntries(Object.entries({ ...search, ...next }).filter(([, value]) => value !== ""));
    goTo(links.alerts(params), { replace });
  }, [search]);
  useEffect(() => {
    document.title = `${t("alerts.title")} – Nenrin`;
  }, [t]);
  useEffect(() => addKeys({ Escape: () => (open === undefined ? false : change({ a: "" })) }), [open, change]);
  const items = query.data?.value;
  return (
    <main id="content" className="alerts" data-ready={items ? "" : undefined}>
      <div className="devices-head">
        <h1>{t("alerts.title")}</h1>
        <div className="pane-actions" role="group" aria-label={t("alerts.filter")}>
          <button type="button" className="button small" aria-pressed={!all} onClick={() => change({ all: "" })}>{t("alerts.open")}</button>
          <button type="button" className="button small" aria-pressed={all} onClick={() => change({ all: "1" })}>{t("alerts.all")}</button>
        </div>
        <div className="pane-actions" role="group" aria-label={t("alerts.col.severity")}>
          {SEVERITIES.map((name) => (
            <button key={name} type="button" className="button small" aria-pressed={severity === name} onClick={() => change({ sev: severity === name ? "" : name })}>
              {t(`alerts.severity.${name}`)}
            </button>
          ))}
        </div>
        {query.data && <p className="dim" aria-live="polite">{t("alerts.count", { n: count(query.data["@odata.count"]) })}</p>}
      </div>
      {query.isPending && <Skeleton label={t("timeline.loading")} />}
      {query.isError && !items && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {items?.length === 0 && (
        <EmptyState title={t("alerts.empty.title")} text={t("alerts.empty.text")}>
          <code>nenrin detect test</code>
        </EmptyState>
      )}
      {items && (items.length > 0 || open !== undefined) && (
        <div className="alerts-body">
          <AlertTable items={items} selected={open} onSelect={(id) => change({ a: id === open ? "" : id }, true)} />
          {open !== undefined && <AlertPane id={open} onClose={() => change({ a: "" })} />}
        </div>
      )}
    </main>
  );
}
