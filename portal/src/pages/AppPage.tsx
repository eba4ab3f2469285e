// One app registration: its ids, secrets, permissions, and how to use it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { ApiError } from "../api/client";
import { api } from "../api/client";
import type { App, NewSecret } from "../api/types";
import { Fact } from "../apps/Fact";
import { Permissions } from "../apps/Permissions";
import { Secrets } from "../apps/Secrets";
import { Snippets } from "../apps/Snippets";
import { useText } from "../i18n/text";
import { links } from "../links";
import { usePrefs } from "../prefs/prefs";
import { toMs, ymd } from "../time/time";
import { goTo } from "../ui/go";
import { ErrorState, Skeleton, errorText } from "../ui/states";
import "../apps/apps.css";

export function AppPage() {
  const t = useText();
  const { appId } = useParams({ strict: false }) as { appId: string };
  const query = useQuery({ queryKey: ["apps"], queryFn: ({ signal }) => api.apps(signal) });
  const app = query.data?.apps.find((candidate) => candidate.appId === appId);
  useEffect(() => {
    document.title = `${app?.name ?? t("apps.title")} – Nenrin`;
  }, [t, app?.name]);
  return (
    <main id="content" className="apps" data-ready={query.data ? "" : undefined}>
      <div className="apps-column">
        <p><Link to="/apps" search={{}}>{t("apps.title")}</Link></p>
        {query.isPending && <Skeleton label={t("timeline.loading")} lines={6} />}
        {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
        {query.data && !app && <p role="alert">{t("error.notFound")}</p>}
        {query.data && app && <Details key={app.appId} app={app} tenant={query.data.tenantId} />}
      </div>
    </main>
  );
}

function Details({ app, tenant }: { app: App; tenant: string }) {
  const t = useText();
  const { zone } = usePrefs();
  const queries = useQueryClient();
  const [made, setMade] = useState<NewSecret>();
  const changed = () => void queries.invalidateQueries({ queryKey: ["apps"] });
  return (
    <>
      <h1>{app.name}</h1>
      <dl className="facts">
        <Fact name={t("apps.id")} value={app.appId} />
        <Fact name={t("apps.tenant")} value={tenant} />
        <Fact name={t("apps.accountType")} value={t("apps.accountType.own")} copy={false} />
        <Fact name={t("apps.created")} value={t("apps.createdBy", { date: ymd(toMs(app.created), zone), user: app.createdBy })} copy={false} />
      </dl>
      <Secrets app={app} made={made} onMade={setMade} onChanged={changed} />
      <Permissions app={app} onChanged={changed} />
      <Snippets tenant={tenant} app={app.appId} secret={made?.secret} />
      <Delete app={app} onDeleted={changed} />
    </>
  );
}

/** Two clicks: the first one asks. */
function Delete({ app, onDeleted }: { app: App; onDeleted: () => void }) {
  const t = useText();
  const [asked, setAsked] = useState(false);
  const remove = useMutation({
    mutationFn: () => api.deleteApp(app.appId),
    onSuccess: () => {
      onDeleted();
      goTo(links.apps);
    },
  });
  return (
    <section className="apps-delete">
      {!asked && <button type="button" className="button" onClick={() => setAsked(true)}>{t("apps.deleteApp")}</button>}
      {asked && (
        <>
          <p role="status">{t("apps.deleteApp.sure", { name: app.name })}</p>
          <button type="button" className="button danger" disabled={remove.isPending} onClick={() => remove.mutate()}>{t("apps.deleteApp.yes")}</button>
          <button type="button" className="button" onClick={() => setAsked(false)}>{t("apps.cancel")}</button>
        </>
      )}
      {remove.isError && <p className="fail" role="alert">{errorText(remove.error as ApiError, t)}</p>}
    </section>
  );
}
