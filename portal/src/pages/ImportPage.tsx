// Import of event logs: choose files, send them in parts, watch the import, read what became of the events.
import { useQueryClient } from "@tanstack/react-query";
import type { ChangeEvent } from "react";
import { useEffect, useRef, useState } from "react";
import { ApiError, api } from "../api/client";
import type { ImportSummary } from "../api/types";
import { Fact } from "../apps/Fact";
import { sendFile } from "../imports/upload";
import { count, useText } from "../i18n/text";
import { errorText } from "../ui/states";
import "../apps/apps.css";

type Step =
  | { kind: "idle" }
  | { kind: "sending"; name: string; sent: number; total: number }
  | { kind: "reading"; events: number; rows: number }
  | { kind: "done"; summary: ImportSummary }
  | { kind: "failed"; error: ApiError };

const FILE_TYPES = ".evtx,.xml,.json,.jsonl,.ndjson,.csv";

export function ImportPage() {
  const t = useText();
  const queries = useQueryClient();
  const [step, setStep] = useState<Step>({ kind: "idle" });
  const leaving = useRef<AbortController | null>(null);
  useEffect(() => {
    document.title = `${t("nav.import")} – Nenrin`;
  }, [t]);
  useEffect(() => () => leaving.current?.abort(), []);
  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const files = [...(event.target.files ?? [])];
    event.target.value = "";
    if (files.length === 0) return;
    const abort = new AbortController();
    leaving.current = abort;
    try {
      const uploads = [];
      for (const file of files) {
        const id = await sendFile(file, abort.signal, (sent) => setStep({ kind: "sending", name: file.name, sent, total: file.size }));
        uploads.push({ id, name: file.name });
      }
      setStep({ kind: "reading", events: 0, rows: 0 });
      const summary = await api.importUploads(uploads, abort.signal, ({ events, rows }) => setStep({ kind: "reading", events, rows }));
      await queries.invalidateQueries({ queryKey: ["devices"] });
      setStep({ kind: "done", summary });
    } catch (error) {
      if (!abort.signal.aborted) setStep({ kind: "failed", error: error instanceof ApiError ? error : new ApiError(0, "offline", "") });
    }
  };
  const busy = step.kind === "sending" || step.kind === "reading";
  return (
    <main id="content" className="apps" data-ready="">
      <div className="apps-column">
        <h1>{t("nav.import")}</h1>
        <p className="dim">{t("import.text")}</p>
        <p>
          <label htmlFor="import-files">{t("import.files")}</label>{" "}
          <input id="import-files" type="file" multiple accept={FILE_TYPES} disabled={busy} onChange={(event) => void choose(event)} />
        </p>
        <div aria-live="polite"><Progress step={step} /></div>
      </div>
    </main>
  );
}

function Progress({ step }: { step: Step }) {
  const t = useText();
  switch (step.kind) {
    case "idle":
      return null;
    case "sending":
      return (
        <p>
          {t("import.sending", { name: step.name })}{" "}
          <progress aria-label={step.name} max={Math.max(step.total, 1)} value={step.sent} />
        </p>
      );
    case "reading":
      return <p>{t("import.reading", { events: count(step.events), rows: count(step.rows) })}</p>;
    case "failed":
      return <p className="fail" role="alert">{errorText(step.error, t)}</p>;
    case "done":
      return <Done summary={step.summary} />;
  }
}

function Done({ summary }: { summary: ImportSummary }) {
  const t = useText();
  const reasons = Object.entries(summary.rejectedBy).map(([reason, n]) => `${reason} ${count(n)}`).join(", ");
  return (
    <>
      <p data-import-done="">
        {t("import.sum", { events: count(summary.events), rows: count(summary.rows), merged: count(summary.merged), rejected: count(summary.rejected) })}
        {reasons !== "" && ` (${reasons})`}
      </p>
      <dl className="facts">
        <Fact name={t("import.known")} value={count(summary.alreadyImported)} />
        <Fact name={t("devices.title")} value={Object.keys(summary.devices).join(", ")} />
        {summary.from && summary.to && <Fact name={t("import.span")} value={`${summary.from} – ${summary.to}`} />}
      </dl>
      {summary.problems.length > 0 && (
        <ul>{summary.problems.map((problem, idx) => <li key={idx}>{problem}</li>)}</ul>
      )}
    </>
  );
}
