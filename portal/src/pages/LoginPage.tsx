// Sign in, then go back to where the reader wanted to be.
import { Button, Field, Input } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useEffect, useState } from "react";
import { ApiError, api } from "../api/client";
import type { Translate } from "../i18n/text";
import { useText } from "../i18n/text";
import { safeNext } from "../links";
import { setPrefs, usePrefs } from "../prefs/prefs";
import { Fluent } from "../ui/fluent";
import { goTo } from "../ui/go";
import { Logo } from "../ui/icons";
import { errorText } from "../ui/states";
import "./login.css";

/** The password was right, and the user has a second factor. */
const CODE_WANTED = "totp_required";

function problem(error: unknown, t: Translate): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.code === CODE_WANTED) return t("login.code.ask");
  if (error.status === 401) return t("login.wrong");
  if (error.status === 429) return t("login.wait", { seconds: error.retryAfterSeconds ?? 60 });
  return errorText(error, t);
}

export function LoginPage() {
  const t = useText();
  const { lang } = usePrefs();
  const search = useSearch({ strict: false }) as { next?: string };
  const queries = useQueryClient();
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [codeWanted, setCodeWanted] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    document.title = `${t("login.title")} – Nenrin`;
  }, [t]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const session = await api.login(user, password, codeWanted ? code.trim() : undefined);
      queries.setQueryData(["me"], session);
      goTo(safeNext(search.next), { replace: true });
    } catch (problemFound) {
      if (problemFound instanceof ApiError && problemFound.code === CODE_WANTED) setCodeWanted(true);
      setError(problemFound);
      setBusy(false);
    }
  };

  return (
    <main className="login" id="content">
      <Fluent>
        <form className="login-card" onSubmit={(event) => void submit(event)} aria-busy={busy}>
          <div className="login-head">
            <Logo size={40} />
            <h1>{t("login.title")}</h1>
            <p className="dim">{t("app.tagline")}</p>
          </div>
          <Field label={t("login.user")}>
            <Input name="user" required autoComplete="username" autoFocus value={user} onChange={(_, data) => setUser(data.value)} />
          </Field>
          <Field
            label={t("login.password")}
            validationState={error === null ? "none" : "error"}
            validationMessage={error === null ? undefined : { children: problem(error, t), role: "alert" }}
          >
            <Input
              name="password" type="password" required autoComplete="current-password" value={password}
              onChange={(_, data) => setPassword(data.value)}
            />
          </Field>
          {codeWanted && (
            <Field label={t("login.code")}>
              <Input
                name="code" required autoFocus inputMode="numeric" autoComplete="one-time-code" value={code}
                onChange={(_, data) => setCode(data.value)}
              />
            </Field>
          )}
          <Button type="submit" appearance="primary" size="large" disabledFocusable={busy}>
            {busy ? t("login.busy") : t("login.submit")}
          </Button>
        </form>
      </Fluent>
      <button
        type="button" className="button small plain login-language" lang={lang === "en" ? "ja" : "en"}
        onClick={() => setPrefs({ lang: lang === "en" ? "ja" : "en" })}
      >{t("bar.language")}</button>
    </main>
  );
}
