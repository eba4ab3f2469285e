// One alert: what it is about, its evidence, what people made of it, and the way to the timeline at that moment.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useState } from "react";
import { api } from "../api/client";
import type { Alert, AlertDetail, AlertUpdate } from "../api/types";
import { useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { dayText, hms, toMs, zoneName } from "../time/time";
import { fixedRange, writeState, readState } from "../timeline/url";
import { ClockIcon, CloseIcon } from "../ui/icons";
import { ErrorState, Skeleton } from "../ui/states";
import { Evidence } from "./Evidence";
import { Severity } from "./Severity";

const AROUND_MS = 30 * 60_000;
const STATUSES = ["New", "InProgress", "Resolved"] as const;
const CLASSIFICATIONS = ["TruePositive", "InformationalExpectedActivity", "FalsePositive"] as const;

export function AlertPane({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useText();
  const query = useQuery({ queryKey: ["alert", id], queryFn: ({ signal }) => api.alert(id, signal) });
  return (
    <aside className="pane alert-pane" aria-label={t("alerts.pane")}>
      <button type="button" className="button small plain icon pane-close" title={t("pane.close")} aria-label={t("pane.close")} onClick={onClose}><CloseIcon /></button>
      {query.isPending && <Skeleton label={t("timeline.loading")} />}
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && <Detail key={id} detail={query.data} />}
    </aside>
  );
}

function Detail({ detail }: { detail: AlertDetail }) {
  const t = useText();
  const { alert } = detail;
  return (
    <div className="alert-detail" data-ready="">
      <header className="pane-head">
        <h2>{alert.title}</h2>
        <p className="dim"><Severity severity={alert.severity} /> · {alert.category}</p>
        <p className="alert-description">{alert.description}</p>
        <p className="alert-techniques">
          {alert.mitreTechniques.map((technique) => <span key={technique} className="tag"><span>{technique}</span></span>)}
        </p>
        <Times alert={alert} nEvents={detail.nEvents} />
        <div className="pane-actions"><ToTimeline detail={detail} /></div>
      </header>
      <Work alert={alert} />
      <Evidence items={alert.evidence} />
      {detail.incident.length > 0 && (
        <section className="pane-section">
          <h3>{t("alerts.incident")}</h3>
          <ul className="alert-incident">
            {detail.incident.map((other) => (
              <li key={other.id}>
                <Severity severity={other.severity} /> <Link to="/alerts" search={{ a: other.id }}>{other.title}</Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Comments alert={alert} />
    </div>
  );
}

function Times({ alert, nEvents }: { alert: Alert; nEvents: number }) {
  const t = useText();
  const { lang, zone } = usePrefs();
  const text = (time: string) => `${dayText(toMs(time), zone, lang)} ${hms(toMs(time), zone)} ${zoneName(toMs(time), zone)}`;
  return (
    <dl className="fields">
      <div><dt>{t("alerts.device")}</dt><dd>{alert.computerDnsName}</dd></div>
      <div><dt>{t("alerts.first")}</dt><dd className="mono">{text(alert.firstEventTime)}</dd></div>
      <div><dt>{t("alerts.last")}</dt><dd className="mono">{text(alert.lastEventTime)}</dd></div>
      <div><dt>{t("alerts.events")}</dt><dd>{nEvents}</dd></div>
      <div><dt>{t("alerts.rule")}</dt><dd className="mono">{alert.detectorId}</dd></div>
    </dl>
  );
}

/** Half an hour around the alert, its first event selected. */
function ToTimeline({ detail }: { detail: AlertDetail }) {
  const t = useText();
  const { alert } = detail;
  const range = fixedRange(toMs(alert.firstEventTime) - AROUND_MS, toMs(alert.lastEventTime) + AROUND_MS);
  const search = writeState({ ...readState({}), range, event: detail.events[0] });
  return (
    <Link className="button primary small" to="/devices/$deviceId/timeline" params={{ deviceId: alert.machineId }} search={search}>
      <ClockIcon size={14} />{t("alerts.timeline")}
    </Link>
  );
}

function useUpdate(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (update: AlertUpdate) => api.updateAlert(id, update),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["alert", id] });
      void client.invalidateQueries({ queryKey: ["alerts"] });
    },
  });
}

/** State and judgement. */
function Work({ alert }: { alert: Alert }) {
  const t = useText();
  const update = useUpdate(alert.id);
  return (
    <section className="pane-section alert-work">
      <h3>{t("alerts.work")}</h3>
      <div className="pane-actions" role="group" aria-label={t("alerts.col.status")}>
        {STATUSES.map((status) => (
          <button key={status} type="button" className="button small" aria-pressed={alert.status === status} disabled={update.isPending} onClick={() => update.mutate({ status })}>
            {t(`alerts.status.${status}`)}
          </button>
        ))}
      </div>
      <div className="pane-actions" role="group" aria-label={t("alerts.classification")}>
        {CLASSIFICATIONS.map((classification) => (
          <button
            key={classification} type="button" className="button small" aria-pressed={alert.classification === classification} disabled={update.isPending}
            onClick={() => update.mutate({ classification: alert.classification === classification ? "" : classification })}
          >
            {t(`alerts.classification.${classification}`)}
          </button>
        ))}
      </div>
      {update.isError && <ErrorState error={update.error} />}
    </section>
  );
}

function Comments({ alert }: { alert: Alert }) {
  const t = useText();
  const [text, setText] = useState("");
  const update = useUpdate(alert.id);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") update.mutate({ comment: text }, { onSuccess: () => setText("") });
  };
  return (
    <section className="pane-section">
      <h3>{t("alerts.comments")}</h3>
      {alert.comments.map((comment, i) => (
        <p key={i} className="alert-comment"><b>{comment.createdBy}</b> <span className="dim mono">{comment.createdTime.slice(0, 19)}Z</span><br />{comment.comment}</p>
      ))}
      <form className="alert-comment-form" onSubmit={send}>
        <textarea aria-label={t("alerts.comment")} placeholder={t("alerts.comment")} value={text} onChange={(event) => setText(event.target.value)} rows={2} maxLength={10_000} />
        <button type="submit" className="button small" disabled={text.trim() === "" || update.isPending}>{t("alerts.comment.send")}</button>
      </form>
      {update.isError && <ErrorState error={update.error} />}
    </section>
  );
}
