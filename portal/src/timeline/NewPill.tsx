// "▲ 37 new": live rows that wait because the top is not in view.
import { useEffect, useState, useSyncExternalStore } from "react";
import { count, useText } from "../i18n/text";
import type { TimelineStore } from "./store";

/** A screen reader shall not hear every row. */
const SAY_MS = 1000;

export function NewPill({ store }: { store: TimelineStore }) {
  const t = useText();
  const pending = useSyncExternalStore(store.subscribe, () => store.snapshot().pending);
  const order = useSyncExternalStore(store.subscribe, () => store.snapshot().window.order);
  const [said, setSaid] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSaid(pending > 0 ? t("timeline.new", { n: count(pending) }) : ""), SAY_MS);
    return () => clearTimeout(timer);
  }, [pending, t]);
  return (
    <>
      <span className="visually-hidden" aria-live="polite">{said}</span>
      {pending > 0 && (
        <button type="button" className="new-pill" data-order={order} onClick={store.showStart}>
          <span aria-hidden="true">{order === "desc" ? "▲" : "▼"}</span> {t("timeline.new", { n: count(pending) })}
        </button>
      )}
    </>
  );
}
