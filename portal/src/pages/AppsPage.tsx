// App registrations: the clients of the API, and a form for a new one.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { ApiError } from "../api/client";
import type { App } from "../api/types";
import { credentialState } from "../apps/credentials";
import { Fact } from "../apps/Fact";
import { useText } from "../i18n/text";
import { links } from "../links";
import { usePrefs } from "../prefs/prefs";
import { agoText } from "../time/span";
import { now, toMs } from "../time/time";
import { goTo } from "../ui/go";
import { ErrorState, Skeleton, errorText } from "../ui/states";
import "../apps/apps.css";

export function AppsPage() {
  const t = useText();
  const query = useQuery({ queryKey: ["apps"], queryFn: ({ signal }) => api.apps(signal) });
  useEffect(() => {
    document.title = `${t("apps.title")} – Nenrin`;
  }, [t]);
  const apps = query.data?.apps;
  return (
    <main id="content" className="apps" data-ready={apps ? "" : undefined}>
      <div className="apps-column">
        <h1>{t("apps.title")}</h1>
        <p className="dim">{t("apps.text")}</p>
        {query.isPending && <Skeleton label={t("timeline.loading")} lines={4} />}
        {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
        {query.data && (
          <>
            <dl className="facts"><Fact name={t("apps.tenant")} value={query.data.tenantId} /></dl>
            <NewApp />
            {apps && apps.length > 0 ? <AppTable apps={apps} /> : <p className="dim apps-none">{t("apps.none")}</p>}
          </>
        )}
      </div>
    </main>
  );
}

function NewApp() {
  const t = useText();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const make = useMutation({
    mutationFn: () => api.createApp(name.trim()),
    onSuccess: async (app) => {
      await queries.invalidateQueries({ queryKey: ["apps"] });
      goTo(links.app(app.appId));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <form className="apps-new" onSubmit={submit}>
      <label htmlFor="app-name">{t("apps.name")}</label>
      <input id="app-name" className="input" required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      <button type="submit" className="button primary" disabled={make.isPending || name.trim() === ""}>{t("apps.register")}</button>
      {make.isError && <p className="fail" role="alert">{errorText(make.error as ApiError, t)}</p>}
    </form>
  );
}

function AppTable({ apps }: { apps: App[] }) {
  const t = useText();
  return (
    <div className="apps-scroll">
      <table className="apps-table">
        <thead>
          <tr>
            <th scope="col">{t("apps.name")}</th>
            <th scope="col">{t("apps.id")}</th>
            <th scope="col">{t("apps.permissions")}</th>
            <th scope="col">{t("apps.secrets")}</th>
            <th scope="col">{t("apps.lastUsed")}</th>
          </tr>
        </thead>
        <tbody>{apps.map((app) => <AppRow key={app.appId} app={app} />)}</tbody>
      </table>
    </div>
  );
}

function AppRow({ app }: { app: App }) {
  const t = useText();
  const { lang } = usePrefs();
  const credentials = [...app.secrets, ...app.certificates];
  const used = credentials.flatMap((credential) => (credential.lastUsed ? [toMs(credential.lastUsed)] : []));
  const waiting = app.permissions.filter((permission) => !permission.consented).length;
  const live = credentials.filter((credential) => !credential.expired);
  const expiring = live.some((credential) => credentialState(credential) === "expiring");
  return (
    <tr data-app={app.appId}>
      <th scope="row"><Link to="/apps/$appId" params={{ appId: app.appId }} search={{}}>{app.name}</Link></th>
      <td className="mono">{app.appId}</td>
      <td>
        {app.permissions.length}
        {waiting > 0 && <span className="tag warn">{t("apps.waiting", { n: waiting })}</span>}
      </td>
      <td>
        {live.length}
        {expiring && <span className="tag warn">{t("apps.state.expiring")}</span>}
      </td>
      <td>{used.length > 0 ? agoText(Math.max(...used), now(), lang) : <span className="dim">{t("devices.never")}</span>}</td>
    </tr>
  );
}
