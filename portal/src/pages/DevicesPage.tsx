// The devices: find one, see which are silent or lose events.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { api } from "../api/client";
import type { Device } from "../api/types";
import { DeviceTable } from "../devices/DeviceTable";
import { Enrol } from "../devices/Enrol";
import { count, useText } from "../i18n/text";
import { SearchBox } from "../timeline/SearchBox";
import type { SearchParams } from "../timeline/url";
import { searchText } from "../timeline/url";
import { goTo } from "../ui/go";
import { EmptyState, ErrorState, Skeleton } from "../ui/states";
import "../devices/devices.css";

const REFRESH_MS = 10_000;
/** While the first device is awaited, somebody is looking. */
const WAITING_MS = 3_000;

export function DevicesPage() {
  const t = useText();
  const search = (useSearch({ strict: false }) as SearchParams)["q"] ?? "";
  const query = useQuery({
    queryKey: ["devices", search],
    queryFn: ({ signal }) => api.devices(search, signal),
    placeholderData: keepPreviousData,
    refetchInterval: (state) => (state.state.data?.items.length === 0 ? WAITING_MS : REFRESH_MS),
  });
  const find = useCallback((q: string, typing: boolean) => goTo(`/devices${searchText(q === "" ? {} : { q })}`, { replace: typing }), []);
  useEffect(() => {
    document.title = `${t("devices.title")} – Nenrin`;
  }, [t]);
  const items = query.data?.items;
  return (
    <main id="content" className="devices" data-ready={items ? "" : undefined}>
      <div className="devices-head">
        <h1>{t("devices.title")}</h1>
        {items && items.length > 0 && <Pills items={items} />}
        <span className="spacer" />
        {(search !== "" || (items && items.length > 0)) && (
          <>
            <SearchBox value={search} label={t("devices.search.label")} placeholder={t("devices.search")} onSearch={find} />
            <Enrol />
          </>
        )}
      </div>
      {query.isPending && <Skeleton label={t("timeline.loading")} />}
      {query.isError && !items && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {items && items.length > 0 && <DeviceTable items={items} />}
      {items?.length === 0 && search === "" && <Enrol inline />}
      {items?.length === 0 && search !== "" && (
        <EmptyState title={t("devices.nomatch.title", { search })} text={t("devices.nomatch.text")}>
          <button type="button" className="button primary" onClick={() => find("", false)}>{t("devices.nomatch.clear")}</button>
        </EmptyState>
      )}
    </main>
  );
}

function Pills({ items }: { items: Device[] }) {
  const t = useText();
  const pills = [
    { key: "total", text: t("devices.total"), n: items.length },
    { key: "active", text: t("devices.active"), n: items.filter((device) => device.state === "active").length },
    { key: "silent", text: t("devices.silent"), n: items.filter((device) => device.state === "silent").length },
    { key: "losing", text: t("devices.losing"), n: items.filter((device) => device.lost24h > 0).length },
  ];
  return (
    <ul className="pills">
      {pills.map((pill) => <li key={pill.key} data-pill={pill.key} data-zero={pill.n === 0}><b>{count(pill.n)}</b> {pill.text}</li>)}
    </ul>
  );
}
