// The table of devices. j/k move, Enter opens the timeline.
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { CoverageLevel, Device } from "../api/types";
import { count, useText } from "../i18n/text";
import { usePrefs } from "../prefs/prefs";
import { agoText } from "../time/span";
import { now, toMs } from "../time/time";
import { StateDot } from "../ui/StateDot";
import { DeviceIcon } from "../ui/icons";
import { addKeys } from "../ui/keys";
import { osText } from "./osText";

const COVERAGE_SIGNS: Record<CoverageLevel, string> = { full: "●", partial: "◐", off: "○" };

export function DeviceTable({ items }: { items: Device[] }) {
  const t = useText();
  const body = useRef<HTMLTableSectionElement>(null);
  const [selected, setSelected] = useState(-1);
  useEffect(() => {
    const move = (step: number) => () => {
      const links = body.current?.querySelectorAll<HTMLElement>("a.device-name") ?? [];
      const at = [...links].findIndex((link) => link === document.activeElement);
      links[Math.max(0, Math.min(links.length - 1, at + step))]?.focus();
    };
    return addKeys({ j: move(1), k: move(-1), ArrowDown: move(1), ArrowUp: move(-1) });
  }, []);
  return (
    <div className="device-scroll" tabIndex={0} role="region" aria-label={t("devices.title")}>
      <table className="device-table">
        <thead>
          <tr>
            <th scope="col">{t("devices.col.name")}</th>
            <th scope="col">{t("devices.col.state")}</th>
            <th scope="col">{t("devices.col.last")}</th>
            <th scope="col">{t("devices.col.ip")}</th>
            <th scope="col" className="number">{t("devices.col.events")}</th>
            <th scope="col" className="number">{t("devices.col.lost")}</th>
            <th scope="col">{t("devices.col.coverage")}</th>
            <th scope="col">{t("devices.col.sensor")}</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {items.map((device, i) => (
            <DeviceRow key={device.id} device={device} selected={i === selected} onFocus={() => setSelected(i)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function DeviceRow({ device, selected, onFocus }: { device: Device; selected: boolean; onFocus: () => void }) {
  const t = useText();
  const { lang } = usePrefs();
  return (
    <tr data-selected={selected} data-device={device.id}>
      <th scope="row">
        <Link className="device-name" to="/devices/$deviceId/timeline" params={{ deviceId: device.id }} search={{}} onFocus={onFocus}>
          <DeviceIcon /><span>{device.name}</span>
        </Link>
        <span className="dim os">{osText(device)}</span>
      </th>
      <td><StateDot state={device.state} /></td>
      <td>{device.lastEvent === undefined ? <span className="dim">{t(device.state === "enrolled" ? "devices.never" : "devices.long")}</span> : agoText(toMs(device.lastEvent), now(), lang)}</td>
      <td className="mono" title={device.ips.join(", ")}>{device.ips[0] ?? ""}{device.ips.length > 1 && <span className="dim"> +{device.ips.length - 1}</span>}</td>
      <td className="number">{count(device.events24h)}</td>
      <td className="number">{device.lost24h > 0 ? <span className="lost">{count(device.lost24h)}</span> : <span className="dim">{t("devices.none")}</span>}</td>
      <td><Coverage coverage={device.coverage} /></td>
      <td className="dim">{device.sensorVersion ?? ""}</td>
    </tr>
  );
}

function Coverage({ coverage }: { coverage: Device["coverage"] }) {
  const t = useText();
  return (
    <span className="coverage">
      {Object.entries(coverage).sort(([a], [b]) => (a < b ? -1 : 1)).map(([source, level]) => (
        <span key={source} className="tag" data-level={level} title={`${source}: ${t(`coverage.${level}`)}`}>
          <span aria-hidden="true">{COVERAGE_SIGNS[level]}</span>{source}<span className="visually-hidden">: {t(`coverage.${level}`)}</span>
        </span>
      ))}
    </span>
  );
}
