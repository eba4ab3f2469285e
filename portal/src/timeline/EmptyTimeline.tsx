// No rows: says why, and offers the way out.
import { memo } from "react";
import type { Device } from "../api/types";
import { useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { EmptyState } from "../ui/states";
import { groupLabel } from "./names";
import type { RangeName } from "./url";
import type { ChangeView, View } from "./view";
import { isFiltered } from "./view";

const WIDER: Partial<Record<RangeName, RangeName>> = { "1h": "24h", "24h": "7d", "7d": "30d" };

export const EmptyTimeline = memo(function EmptyTimeline({ view, device, change }: {
  view: View;
  device: Device | undefined;
  change: ChangeView;
}) {
  const t = useText();
  const { lang } = usePrefs();
  const filters = [
    view.q === "" ? null : t("timeline.empty.search", { q: view.q }),
    view.groups.length === 0 ? null : t("timeline.empty.groups", { groups: view.groups.map((name) => groupLabel(name, lang)).join(", ") }),
    view.fail ? t("timeline.empty.fail") : null,
  ].filter((text) => text !== null);
  if (device && device.lastEvent === undefined && !isFiltered(view)) {
    return <EmptyState title={t("timeline.empty.device")} text={t("timeline.empty.deviceText")} />;
  }
  const wider: RangeName | undefined = view.range.kind === "last" ? WIDER[view.range.name] : "7d";
  const text = filters.length === 0 ? t("timeline.empty.range") : t("timeline.empty.filters", { filters: filters.join(" · ") });
  return (
    <EmptyState title={t("timeline.empty.title")} text={text}>
      {filters.length > 0 && (
        <button type="button" className="button primary" onClick={() => change({ q: "", groups: [], fail: false })}>{t("timeline.empty.clear")}</button>
      )}
      {wider !== undefined && (
        <button type="button" className="button" onClick={() => change({ range: { kind: "last", name: wider } })}>
          {t("timeline.empty.widen", { range: t(`timeline.range.${wider}`) })}
        </button>
      )}
    </EmptyState>
  );
});
