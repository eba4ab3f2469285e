// The states every page has: loading, error, and small helpers for them.
import type { ReactNode } from "react";
import { useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { useText } from "../i18n/text";
import { SearchIcon, WarnIcon } from "./icons";

/** A skeleton that shows earlier than this only flickers. */
const SKELETON_DELAY_MS = 150;
const STATUS_TOO_MANY = 429;
/** When the server names no time. */
const RETRY_SECONDS = 5;
const SKELETON_WIDTHS = ["62%", "48%", "71%", "55%", "66%", "43%", "58%", "69%", "51%", "64%", "46%", "60%"];

export function Skeleton({ label, lines = SKELETON_WIDTHS.length }: { label: string; lines?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SKELETON_DELAY_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status" aria-busy="true" className="skeleton" data-shown={shown}>
      <span className="visually-hidden">{label}</span>
      {shown && SKELETON_WIDTHS.slice(0, lines).map((width) => <i key={width} style={{ "--w": width } as React.CSSProperties} />)}
    </div>
  );
}

export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useText();
  const problem = error instanceof ApiError ? error : new ApiError(0, "client", String(error));
  const seconds = useCountdown(problem, onRetry);
  return (
    <div className="state" role="alert">
      <WarnIcon size={28} />
      <h2>{t("error.title")}</h2>
      <p>{errorText(problem, t)}</p>
      {problem.correlationId !== undefined && (
        <p className="dim">{t("error.correlation")}: <code>{problem.correlationId}</code></p>
      )}
      {seconds > 0 && <p className="dim">{t("error.wait", { seconds })}</p>}
      {onRetry && (
        <div className="buttons">
          <button type="button" className="button primary" onClick={onRetry}>{t("error.retry")}</button>
        </div>
      )}
    </div>
  );
}

/** After "too many requests" the page tries again by itself, when the server said it may. */
function useCountdown(problem: ApiError, onRetry: (() => void) | undefined): number {
  const [left, setLeft] = useState(problem.status === STATUS_TOO_MANY && onRetry ? problem.retryAfterSeconds ?? RETRY_SECONDS : 0);
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => {
      setLeft(left - 1);
      if (left === 1) onRetry?.();
    }, 1000);
    return () => clearTimeout(timer);
  }, [left, onRetry]);
  return left;
}

export function errorText(error: ApiError, t: ReturnType<typeof useText>): string {
  if (error.isOffline) return error.code === "offline" ? t("error.offline") : error.message;
  if (error.status === 404) return t("error.notFound");
  if (error.status === STATUS_TOO_MANY) return t("error.tooMany");
  if (error.status < 500) return t("error.request", { message: error.message || error.code });
  return t("error.server", { message: error.message || error.code });
}

export function EmptyState({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <div className="state">
      <SearchIcon size={28} />
      <h2>{title}</h2>
      <p className="dim">{text}</p>
      {children !== undefined && <div className="buttons">{children}</div>}
    </div>
  );
}
