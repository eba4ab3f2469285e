// Says that the server is away while the page keeps what it has.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { useText } from "../i18n/text";
import { WarnIcon } from "./icons";

export function OfflineBanner() {
  const t = useText();
  const queries = useQueryClient();
  const [offline, setOffline] = useState(!navigator.onLine);
  useEffect(() => {
    const up = () => setOffline(false);
    const down = () => setOffline(true);
    addEventListener("online", up);
    addEventListener("offline", down);
    const stop = queries.getQueryCache().subscribe((event) => {
      if (event.type !== "updated") return;
      if (event.action.type === "success") up();
      if (event.action.type === "error" && event.action.error instanceof ApiError && event.action.error.isOffline) down();
    });
    return () => {
      stop();
      removeEventListener("online", up);
      removeEventListener("offline", down);
    };
  }, [queries]);
  if (!offline) return null;
  return <div className="offline" role="status"><WarnIcon />{t("offline.banner")}</div>;
}
