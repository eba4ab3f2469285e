// The frame around every page: bar, offline banner, help dialog.
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { Suspense, lazy, useEffect, useState } from "react";
import { api } from "../api/client";
import { useText } from "../i18n/text";
import { setPrefs, prefs } from "../prefs/prefs";
import { Bar } from "./Bar";
import { OfflineBanner } from "./OfflineBanner";
import { Logo } from "./icons";
import { addKeys } from "./keys";
import { openHelp, useHelpOpen } from "./help";
import { goTo } from "./go";
import "./shell.css";

const HelpDialog = lazy(() => import("./HelpDialog"));

export function Shell() {
  const t = useText();
  const me = useQuery({ queryKey: ["me"], queryFn: ({ signal }) => api.me(signal), staleTime: Infinity });
  const helpOpen = useHelpOpen();
  const [helpUsed, setHelpUsed] = useState(false);
  useEffect(() => {
    if (helpOpen) setHelpUsed(true);
  }, [helpOpen]);
  useEffect(() => addKeys({
    "?": () => openHelp(true),
    "g d": () => goTo("/devices"),
    "g a": () => goTo("/alerts"),
    u: () => setPrefs({ zone: prefs().zone === "utc" ? "local" : "utc" }),
  }), []);
  return (
    <div className="shell">
      <a className="skip" href="#content">{t("nav.skip")}</a>
      <header className="bar">
        <Link to="/devices" search={{}} className="brand"><Logo /><span>Nenrin</span></Link>
        <nav aria-label={t("nav.main")}>
          <Link to="/devices" search={{}} className="nav-link" activeProps={{ "data-active": "true" }}>{t("nav.devices")}</Link>
          <Link to="/alerts" search={{}} className="nav-link" activeProps={{ "data-active": "true" }}>{t("nav.alerts")}</Link>
          {me.data?.role === "admin" && (
            <>
              <Link to="/apps" search={{}} className="nav-link" activeProps={{ "data-active": "true" }}>{t("nav.apps")}</Link>
              <Link to="/import" search={{}} className="nav-link" activeProps={{ "data-active": "true" }}>{t("nav.import")}</Link>
            </>
          )}
        </nav>
        <Bar />
      </header>
      <OfflineBanner />
      <Outlet />
      {helpUsed && <Suspense><HelpDialog /></Suspense>}
    </div>
  );
}
