// Which device this is, and whether its record is whole.
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Device, Summary } from "../api/types";
import { osText } from "../devices/osText";
import { useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { agoText } from "../time/span";
import { now, toMs } from "../time/time";
import { StateDot } from "../ui/StateDot";
import { Completeness } from "./Band";

export const DeviceHead = memo(function DeviceHead({ device, summary, onJump }: {
  device: Device | undefined;
  summary: Summary | undefined;
  onJump: (ms: number) => void;
}) {
  const t = useText();
  const { lang } = usePrefs();
  return (
    <div className="device-head">
      <nav aria-label={t("nav.devices")} className="crumb"><Link to="/devices" search={{}}>{t("nav.devices")}</Link><span aria-hidden="true">›</span></nav>
      <h1>{device?.name ?? "…"}</h1>
      {device && (
        <p className="dim facts">
          <StateDot state={device.state} />
          <span>{osText(device)}</span>
          {device.ips.length > 0 && <span title={device.ips.join(", ")}>{device.ips[0]}{device.ips.length > 1 ? ` +${device.ips.length - 1}` : ""}</span>}
          {device.lastEvent !== undefined && <span>{t("device.lastEvent", { ago: agoText(toMs(device.lastEvent), now(), lang) })}</span>}
        </p>
      )}
      <Completeness summary={summary} onJump={onJump} />
    </div>
  );
});
