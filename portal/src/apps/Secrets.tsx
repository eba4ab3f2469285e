// Client secrets and certificates of an app. A new secret is shown once.
import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useState } from "react";
import type { ApiError } from "../api/client";
import { api } from "../api/client";
import type { App, Credential, NewSecret } from "../api/types";
import { useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { agoText } from "../time/span";
import { now, toMs, ymd } from "../time/time";
import { CopyButton } from "../ui/Copy";
import { errorText } from "../ui/states";
import { credentialState } from "./credentials";

const LIFETIMES = [30, 90, 180, 365, 730];
const DEFAULT_DAYS = 180;
const LIVE_MAX = 2;

interface Props {
  app: App;
  /** The secret that was just made, as long as this page is open. */
  made: NewSecret | undefined;
  onMade: (secret: NewSecret) => void;
  onChanged: () => void;
}

export function Secrets({ app, made, onMade, onChanged }: Props) {
  const t = useText();
  const remove = useMutation({
    mutationFn: (credential: Credential) => api.deleteCredential(app.appId, credential.id), onSuccess: onChanged,
  });
  const full = app.secrets.filter((secret) => !secret.expired).length >= LIVE_MAX;
  return (
    <section aria-labelledby="secrets-title">
      <h2 id="secrets-title">{t("apps.secrets")}</h2>
      <p className="dim">{t("apps.secrets.text")}</p>
      {made && (
        <div className="secret-made" role="status">
          <p><b>{t("apps.secret.once")}</b></p>
          <p className="secret-value"><code data-secret>{made.secret}</code><CopyButton text={made.secret} label={t("apps.secret.copy")} /></p>
        </div>
      )}
      {app.secrets.length + app.certificates.length > 0 && (
        <Table app={app} onDelete={(credential) => remove.mutate(credential)} />
      )}
      {remove.isError && <p className="fail" role="alert">{errorText(remove.error as ApiError, t)}</p>}
      {full ? <p className="dim">{t("apps.secret.full")}</p> : <NewSecretForm app={app} onMade={onMade} onChanged={onChanged} />}
      <NewCertificate app={app} onChanged={onChanged} />
    </section>
  );
}

function Table({ app, onDelete }: { app: App; onDelete: (credential: Credential) => void }) {
  const t = useText();
  const { lang, zone } = usePrefs();
  const rows = [
    ...app.secrets.map((credential) => ({ kind: t("apps.kind.secret"), credential })),
    ...app.certificates.map((credential) => ({ kind: t("apps.kind.certificate"), credential })),
  ];
  return (
    <div className="apps-scroll">
      <table className="apps-table">
        <thead>
          <tr>
            <th scope="col">{t("apps.kind")}</th>
            <th scope="col">{t("apps.description")}</th>
            <th scope="col">{t("apps.hint")}</th>
            <th scope="col">{t("apps.expires")}</th>
            <th scope="col">{t("apps.lastUsed")}</th>
            <th scope="col"><span className="visually-hidden">{t("apps.delete")}</span></th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ kind, credential }) => {
            const state = credentialState(credential);
            return (
              <tr key={credential.id}>
                <td>{kind}</td>
                <td>{credential.name || <span className="dim">–</span>}</td>
                <td className="mono">{credential.hint.slice(0, 8)}…</td>
                <td>{ymd(toMs(credential.expires), zone)}{state !== "live" && <span className="tag warn">{t(`apps.state.${state}`)}</span>}</td>
                <td>
                  {credential.lastUsed ? agoText(toMs(credential.lastUsed), now(), lang) : <span className="dim">{t("devices.never")}</span>}
                  {credential.lastAddress && <span className="dim mono"> {credential.lastAddress}</span>}
                </td>
                <td className="action"><button type="button" className="button small" onClick={() => onDelete(credential)}>{t("apps.delete")}</button></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function NewSecretForm({ app, onMade, onChanged }: { app: App; onMade: (secret: NewSecret) => void; onChanged: () => void }) {
  const t = useText();
  const [name, setName] = useState("");
  const [days, setDays] = useState(DEFAULT_DAYS);
  const make = useMutation({
    mutationFn: () => api.createSecret(app.appId, name.trim(), days),
    onSuccess: (secret) => {
      setName("");
      onMade(secret);
      onChanged();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <form className="apps-new" onSubmit={submit}>
      <label htmlFor="secret-name">{t("apps.description")}</label>
      <input id="secret-name" className="input" maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      <label htmlFor="secret-days">{t("apps.lifetime")}</label>
      <select id="secret-days" className="input" value={days} onChange={(event) => setDays(Number(event.target.value))}>
        {LIFETIMES.map((choice) => <option key={choice} value={choice}>{t("apps.days", { days: choice })}</option>)}
      </select>
      <button type="submit" className="button primary" disabled={make.isPending}>{t("apps.secret.new")}</button>
      {make.isError && <p className="fail" role="alert">{errorText(make.error as ApiError, t)}</p>}
    </form>
  );
}

function NewCertificate({ app, onChanged }: { app: App; onChanged: () => void }) {
  const t = useText();
  const [pem, setPem] = useState("");
  const add = useMutation({
    mutationFn: () => api.addCertificate(app.appId, pem),
    onSuccess: () => {
      setPem("");
      onChanged();
    },
  });
  return (
    <details className="apps-certificate">
      <summary>{t("apps.certificate.add")}</summary>
      <label htmlFor="certificate-pem" className="dim">{t("apps.certificate.text")}</label>
      <textarea id="certificate-pem" className="input mono" rows={6} value={pem} onChange={(event) => setPem(event.target.value)} />
      <button type="button" className="button" disabled={add.isPending || pem.trim() === ""} onClick={() => add.mutate()}>{t("apps.certificate.add")}</button>
      {add.isError && <p className="fail" role="alert">{errorText(add.error as ApiError, t)}</p>}
    </details>
  );
}
