// The right side of the bar: zone, language, theme, help, account.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "../api/client";
import { useText } from "../i18n/text";
import type { Theme } from "../prefs/prefs";
import { setPrefs, usePrefs } from "../prefs/prefs";
import { now, zoneName } from "../time/time";
import { goTo } from "./go";
import { openHelp } from "./help";
import { AutoThemeIcon, ExitIcon, HelpIcon, MoonIcon, SunIcon } from "./icons";

const NEXT_THEME: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const THEME_ICONS = { auto: AutoThemeIcon, light: SunIcon, dark: MoonIcon };

export function Bar() {
  const t = useText();
  const { theme, lang, zone } = usePrefs();
  const queries = useQueryClient();
  const me = useQuery({ queryKey: ["me"], queryFn: ({ signal }) => api.me(signal), staleTime: Infinity });
  const ThemeIcon = THEME_ICONS[theme];
  const zoneText = zoneName(now(), zone);
  const themeLabel = t("bar.theme", { theme: t(`theme.${theme}`) });
  const logout = async () => {
    await api.logout();
    queries.clear();
    goTo("/login");
  };
  return (
    <div className="bar-tools">
      <button
        type="button" className="button small plain" title={t("bar.zone", { zone: zoneText })}
        aria-label={t("bar.zone", { zone: zoneText })}
        onClick={() => setPrefs({ zone: zone === "utc" ? "local" : "utc" })}
      >{zoneText}</button>
      <button
        type="button" className="button small plain" lang={lang === "en" ? "ja" : "en"} title={t("bar.language.label")}
        onClick={() => setPrefs({ lang: lang === "en" ? "ja" : "en" })}
      >{t("bar.language")}</button>
      <button
        type="button" className="button small plain icon" title={themeLabel} aria-label={themeLabel}
        onClick={() => setPrefs({ theme: NEXT_THEME[theme] })}
      ><ThemeIcon /></button>
      <button
        type="button" className="button small plain icon" title={t("bar.help")} aria-label={t("bar.help")}
        onClick={() => openHelp(true)}
      ><HelpIcon /></button>
      {me.data && (
        <>
          <Link to="/account" search={{}} className="account" title={t("bar.account", { user: me.data.user })}>{me.data.user}</Link>
          <button
            type="button" className="button small plain icon" title={t("bar.logout")} aria-label={t("bar.logout")}
            onClick={() => void logout()}
          ><ExitIcon /></button>
        </>
      )}
    </div>
  );
}
