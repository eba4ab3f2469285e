// The reader's own account: role, and the second factor.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useEffect, useState } from "react";
import type { ApiError } from "../api/client";
import { api } from "../api/client";
import { Fact } from "../apps/Fact";
import { useText } from "../i18n/text";
import { ErrorState, Skeleton, errorText } from "../ui/states";
import "../apps/apps.css";

export function AccountPage() {
  const t = useText();
  const me = useQuery({ queryKey: ["me"], queryFn: ({ signal }) => api.me(signal), staleTime: Infinity });
  const factor = useQuery({ queryKey: ["totp"], queryFn: ({ signal }) => api.totp(signal) });
  useEffect(() => {
    document.title = `${t("account.title")} – Nenrin`;
  }, [t]);
  return (
    <main id="content" className="apps" data-ready={me.data && factor.data ? "" : undefined}>
      <div className="apps-column">
        <h1>{t("account.title")}</h1>
        {me.data && (
          <dl className="facts">
            <Fact name={t("login.user")} value={me.data.user} copy={false} />
            <Fact name={t("account.role")} value={t(`role.${me.data.role}`)} copy={false} />
          </dl>
        )}
        <section aria-labelledby="factor-title">
          <h2 id="factor-title">{t("account.factor")}</h2>
          <p className="dim">{t("account.factor.text")}</p>
          {factor.isPending && <Skeleton label={t("timeline.loading")} lines={2} />}
          {factor.isError && <ErrorState error={factor.error} onRetry={() => void factor.refetch()} />}
          {factor.data && (factor.data.enabled ? <TurnOff /> : <TurnOn />)}
        </section>
      </div>
    </main>
  );
}

function TurnOn() {
  const t = useText();
  const begin = useMutation({ mutationFn: () => api.totpBegin() });
  return (
    <>
      <p role="status">{t("account.factor.off")}</p>
      {!begin.data && <p><button type="button" className="button primary" disabled={begin.isPending} onClick={() => begin.mutate()}>{t("account.factor.begin")}</button></p>}
      {begin.isError && <p className="fail" role="alert">{errorText(begin.error as ApiError, t)}</p>}
      {begin.data && (
        <>
          <p>{t("account.factor.scan")}</p>
          <dl className="facts">
            <Fact name={t("account.factor.secret")} value={begin.data.secret} />
            <Fact name={t("account.factor.uri")} value={begin.data.uri} />
          </dl>
          <CodeForm label={t("account.factor.confirm")} send={(code) => api.totpConfirm(code)} />
        </>
      )}
    </>
  );
}

function TurnOff() {
  const t = useText();
  return (
    <>
      <p role="status">{t("account.factor.on")}</p>
      <CodeForm label={t("account.factor.end")} send={(code) => api.totpEnd(code)} />
    </>
  );
}

function CodeForm({ label, send }: { label: string; send: (code: string) => Promise<void> }) {
  const t = useText();
  const queries = useQueryClient();
  const [code, setCode] = useState("");
  const sent = useMutation({ mutationFn: () => send(code.trim()), onSuccess: () => queries.invalidateQueries({ queryKey: ["totp"] }) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    sent.mutate();
  };
  return (
    <form className="apps-new" onSubmit={submit}>
      <label htmlFor="totp-code">{t("login.code")}</label>
      <input id="totp-code" className="input code" required inputMode="numeric" autoComplete="one-time-code" maxLength={6} value={code} onChange={(event) => setCode(event.target.value)} />
      <button type="submit" className="button primary" disabled={sent.isPending || code.trim() === ""}>{label}</button>
      {sent.isError && <p className="fail" role="alert">{errorText(sent.error as ApiError, t)}</p>}
    </form>
  );
}
