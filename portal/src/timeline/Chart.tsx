// The bars, drawn by uPlot. Drag selects a stretch, a click names an instant.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Zone } from "../time/time";
import { DAY_MS, MINUTE_MS, SECOND_MS, hms, localOffsetMs, ymd } from "../time/time";
import type { Histogram } from "./histogram";
import { ticks } from "./histogram";

const HEIGHT_PX = 78;
const AXIS_PX = 20;
const TICK_WIDTH_PX = 80;
/** A drag shorter than this is a click. */
const DRAG_PX_MIN = 4;
const EDGE_PX = 22;
const BAR_SHARE = 0.82;
const BAR_PX_MAX = 40;

export interface ChartProps {
  histogram: Histogram;
  zone: Zone;
  onBrush: (fromMs: number, toMs: number) => void;
  onJump: (ms: number) => void;
}

export default function Chart(props: ChartProps) {
  const { histogram } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const callbacks = useRef(props);
  useEffect(() => {
    callbacks.current = props;
  });
  // One plot per mount (the owner's key changes with theme and zone); data alone is only set.
  useEffect(() => {
    const element = box.current!;
    const made = new uPlot(options(element, callbacks.current.zone, callbacks), data(callbacks.current.histogram), element);
    plot.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => {
    plot.current?.setData(data(histogram));
  }, [histogram]);
  return <div ref={box} className="chart-canvas" style={{ height: HEIGHT_PX }} />;
}

function data(histogram: Histogram): uPlot.AlignedData {
  // Two filled bars on the same base: the failed part lies over the whole.
  return [histogram.seconds, histogram.total, histogram.failed];
}

function options(element: HTMLElement, zone: Zone, props: React.RefObject<ChartProps>): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const bars = uPlot.paths.bars!({ size: [BAR_SHARE, BAR_PX_MAX], align: 1 });
  const series = (name: string): uPlot.Series => ({ fill: color(name), stroke: color(name), width: 0, paths: bars, points: { show: false } });
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    padding: [6, 0, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => null } },
    scales: {
      x: { time: false, range: () => [props.current.histogram.fromMs / SECOND_MS, props.current.histogram.toMs / SECOND_MS] },
      y: { range: (_, __, max) => [0, Math.max(1, max)] },
    },
    axes: [xAxis(color("--dim"), `11px ${color("--font")}`, zone), { show: false }],
    series: [{}, series("--bar"), series("--fail")],
    hooks: { setSelect: [(made) => onSelect(made, props)] },
  };
}

function xAxis(stroke: string, font: string, zone: Zone): uPlot.Axis {
  let stepMs = 0;
  return {
    stroke, font, size: AXIS_PX, gap: 3, grid: { show: false }, ticks: { show: false },
    splits: (made, _, min, max) => {
      const offset = zone === "utc" ? 0 : localOffsetMs(min * SECOND_MS);
      const found = ticks(min * SECOND_MS, max * SECOND_MS, Math.max(2, made.width / TICK_WIDTH_PX), offset);
      stepMs = found.stepMs;
      // A label too near to an edge would be cut.
      const edge = (EDGE_PX / Math.max(1, made.width)) * (max - min);
      return found.ms.map((ms) => ms / SECOND_MS).filter((at) => at > min + edge && at < max - edge);
    },
    values: (_, splits) => splits.map((seconds) => {
      const ms = seconds * SECOND_MS;
      const time = hms(ms, zone);
      if (stepMs >= DAY_MS || (time.startsWith("00:00:00") && stepMs >= MINUTE_MS)) return ymd(ms, zone).slice(5).replace("-", "/");
      return time.slice(0, stepMs < MINUTE_MS ? 8 : 5);
    }),
  };
}

function onSelect(made: uPlot, props: React.RefObject<ChartProps>): void {
  const { left, width } = made.select;
  const at = (px: number) => made.posToVal(px, "x") * SECOND_MS;
  if (width >= DRAG_PX_MIN) props.current.onBrush(at(left), at(left + width));
  else if (made.cursor.left !== undefined && made.cursor.left >= 0) props.current.onJump(at(made.cursor.left));
  made.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
}
