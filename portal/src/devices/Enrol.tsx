// How to add a device: a token, one command, wait. Inline when there is no device yet, a dialog otherwise.
import { useMutation } from "@tanstack/react-query";
import { Suspense, lazy, useState } from "react";
import { api } from "../api/client";
import { useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { hms, toMs, ymd, zoneName } from "../time/time";
import { CopyButton } from "../ui/Copy";
import { PlusIcon } from "../ui/icons";
import { errorText } from "../ui/states";
import type { ApiError } from "../api/client";

const EnrolDialog = lazy(() => import("./EnrolDialog"));

const TOKEN_HOURS = 24;
const INGEST_PORT = 8444;

export function Enrol({ inline = false }: { inline?: boolean }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  if (inline) {
    return (
      <section className="enrol-empty">
        <h2>{t("devices.empty.title")}</h2>
        <p className="dim">{t("devices.empty.text")}</p>
        <EnrolSteps />
        <p className="waiting" role="status"><span className="waiting-dot" aria-hidden="true" />{t("devices.empty.waiting")}</p>
      </section>
    );
  }
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}><PlusIcon />{t("devices.add")}</button>
      {open && <Suspense><EnrolDialog onClose={() => setOpen(false)} /></Suspense>}
    </>
  );
}

export function EnrolSteps() {
  const t = useText();
  const { zone } = usePrefs();
  const make = useMutation({ mutationFn: () => api.enrolmentToken(TOKEN_HOURS) });
  const token = make.data?.token ?? "<token>";
  const expires = make.data ? toMs(make.data.expires) : 0;
  return (
    <ol className="enrol-steps">
      <li>
        <p>{t("devices.empty.step1")}</p>
        <Command text="nenrin device token" />
        <button type="button" className="button primary" disabled={make.isPending} onClick={() => make.mutate()}>{t("devices.empty.token")}</button>
        {make.isError && <p className="fail" role="alert">{errorText(make.error as ApiError, t)}</p>}
        {make.data && (
          <p className="dim" role="status">{t("devices.token.once", { time: `${ymd(expires, zone)} ${hms(expires, zone).slice(0, 5)} ${zoneName(expires, zone)}` })}</p>
        )}
      </li>
      <li>
        <p>{t("devices.empty.step2")}</p>
        <Command text={enrolCommands(`https://${location.hostname}:${INGEST_PORT}`, token)} />
      </li>
      <li><p>{t("devices.empty.step3")}</p></li>
    </ol>
  );
}

/** The token goes by the environment: arguments are in every process list, and in the timeline. */
function enrolCommands(server: string, token: string): string {
  return [
    `export NENRIN_ENROL_TOKEN=${token}`,
    `sudo --preserve-env=NENRIN_ENROL_TOKEN nenrin-sensor enrol --server ${server}`,
    `sudo nenrin-sensor run --server ${server}`,
  ].join("\n");
}

function Command({ text }: { text: string }) {
  const t = useText();
  return <div className="command-line"><code>{text}</code><CopyButton text={text} label={t("pane.copy", { name: "" })} /></div>;
}
