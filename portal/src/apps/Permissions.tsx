// What an app may do. Choosing a permission and consenting to it are two acts, as in Azure.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiError } from "../api/client";
import { api } from "../api/client";
import type { App, Permission } from "../api/types";
import { permissionsJa } from "../i18n/permissions";
import { useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { errorText } from "../ui/states";

export function Permissions({ app, onChanged }: { app: App; onChanged: () => void }) {
  const t = useText();
  const all = useQuery({ queryKey: ["permissions"], queryFn: ({ signal }) => api.permissions(signal), staleTime: Infinity });
  const [search, setSearch] = useState("");
  const toggle = useMutation({
    mutationFn: ({ name, on }: { name: string; on: boolean }) => (on ? api.grant(app.appId, name) : api.revoke(app.appId, name)),
    onSuccess: onChanged,
  });
  const consent = useMutation({ mutationFn: (on: boolean) => api.consent(app.appId, on), onSuccess: onChanged });
  const waiting = app.permissions.filter((permission) => !permission.consented).length;
  const failed = toggle.error ?? consent.error ?? all.error;
  const granted = new Map(app.permissions.map((permission) => [permission.name, permission.consented]));
  const shown = (all.data ?? []).filter((permission) => permission.name.toLowerCase().includes(search.toLowerCase().trim()));
  // The app's own first: what it has is what one looks for.
  const sorted = [...shown.filter(({ name }) => granted.has(name)), ...shown.filter(({ name }) => !granted.has(name))];
  return (
    <section aria-labelledby="permissions-title">
      <h2 id="permissions-title">{t("apps.permissions")}</h2>
      <p className="dim">{t("apps.permissions.text")}</p>
      <div className="consent" data-waiting={waiting > 0}>
        <p role="status">
          {app.permissions.length === 0 ? t("apps.consent.nothing") : waiting > 0 ? t("apps.consent.waiting", { n: waiting }) : t("apps.consent.all")}
        </p>
        <button type="button" className="button primary" disabled={waiting === 0 || consent.isPending} onClick={() => consent.mutate(true)}>{t("apps.consent.give")}</button>
        <button type="button" className="button" disabled={waiting === app.permissions.length || consent.isPending} onClick={() => consent.mutate(false)}>{t("apps.consent.withdraw")}</button>
      </div>
      {failed && <p className="fail" role="alert">{errorText(failed as ApiError, t)}</p>}
      <label htmlFor="permission-search" className="visually-hidden">{t("apps.permissions.search")}</label>
      <input id="permission-search" className="input permission-search" type="search" placeholder={t("apps.permissions.search")} value={search} onChange={(event) => setSearch(event.target.value)} />
      <ul className="permission-list" aria-label={t("apps.permissions")} tabIndex={0}>
        {sorted.map((permission) => (
          <PermissionRow
            key={permission.name} permission={permission} consented={granted.get(permission.name)}
            disabled={toggle.isPending} onToggle={(on) => toggle.mutate({ name: permission.name, on })}
          />
        ))}
      </ul>
    </section>
  );
}

function PermissionRow({ permission, consented, disabled, onToggle }: {
  permission: Permission;
  /** Undefined when the app does not have it. */
  consented: boolean | undefined;
  disabled: boolean;
  onToggle: (on: boolean) => void;
}) {
  const t = useText();
  const { lang } = usePrefs();
  const words = lang === "ja" ? permissionsJa[permission.name] ?? permission.description : permission.description;
  return (
    <li>
      <label>
        <input type="checkbox" checked={consented !== undefined} disabled={disabled} onChange={(event) => onToggle(event.target.checked)} />
        <span className="mono">{permission.name}</span>
        <span className="dim">{words}</span>
        {consented !== undefined && <span className={consented ? "tag ok" : "tag warn"}>{t(consented ? "apps.consented" : "apps.notConsented")}</span>}
      </label>
    </li>
  );
}
