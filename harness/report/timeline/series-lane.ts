import { groupBy } from "../../base/group-by.ts";
import { formatCount } from "../../base/units.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Html, html } from "../html/markup.ts";
import { tellApart } from "./many-lines.ts";
import { type Lane, type Point, round, type Series, type TimeScale } from "./time-scale.ts";

/** How values are drawn and told. */
export interface Measure {
  scale: "linear" | "log";
  /** How points that fall on the same pixel become one: a peak must stay visible, an average must stay true. */
  merge: "mean" | "max" | "last";
  /** Text of a value on the axis and in tooltips. */
  format(value: number): string;
}

export const AMOUNT: Measure = { scale: "linear", merge: "last", format: compact };
export const DURATION: Measure = { scale: "log", merge: "max", format: milliseconds };

/** One line per node, in the colour and dashes that it has in every lane. */
export function nodeSeries<T extends { node: string }>(
  record: RunRecord,
  events: readonly T[],
  points: (own: readonly T[]) => Point[],
): Series[] {
  const names = record.view.nodes.map(({ name }) => name);
  return [...groupBy(events, ({ node }) => node)].map(([node, own]) => ({
    label: node,
    mark: `s${(Math.max(0, names.indexOf(node)) % 6) + 1}`,
    points: points(own),
  }));
}

/** What was measured, at the moments at which it was. */
export function pointsOf<T extends { t: number }>(events: readonly T[], value: (event: T) => number | null): Point[] {
  return events.flatMap((event): Point[] => {
    const found = value(event);
    return found === null ? [] : [[event.t, found]];
  });
}

const HEIGHT = 74;
/** A longer silence is a gap in the line: nothing was measured. */
const GAP_MS = 4000;

/**
 * A chart of numbers over time, without anything but SVG.
 * @param shade stretches to shade, such as starved seconds
 */
export function seriesLane(
  title: string,
  measure: Measure,
  series: readonly Series[],
  shade: readonly { from: number; to: number; label: string }[] = [],
): Lane {
  const { format } = measure;
  const present = series.filter((one) => one.points.length > 0);
  const axis = measure.scale === "log" ? logAxis(present) : linearAxis(present);
  const { drawn, legend } = tellApart(present, axis.part);
  return {
    title,
    legend,
    height: HEIGHT,
    draw(scale, top) {
      const { left, right } = scale.frame;
      const y = (value: number) => round(top + HEIGHT - 4 - axis.part(value) * (HEIGHT - 12));
      const grid = axis.ticks.map(
        (value) =>
          html`<line class="rule" x1="${left}" x2="${right}" y1="${y(value)}" y2="${y(value)}"/><text class="tick end" x="${left - 6}" y="${y(value) + 3.5}">${format(value)}</text>`,
      );
      const shades = shade.map(({ from, to, label }) => {
        const x = scale.x(from);
        return html`<rect class="shade" x="${x}" y="${top}" width="${round(Math.max(1, scale.x(to) - x))}" height="${HEIGHT - 4}"><title>${label}</title></rect>`;
      });
      const lines = drawn.map((one) => line(one, downSample(one.points, scale, measure.merge), scale, y, format));
      return [shades, grid, lines];
    },
  };
}

function line(
  series: Series,
  points: readonly Point[],
  scale: TimeScale,
  y: (value: number) => number,
  format: (value: number) => string,
): Html | null {
  let path = "";
  let before = Number.NEGATIVE_INFINITY;
  const gap = Math.max(GAP_MS, ((scale.to - scale.from) / scale.frame.points) * 3);
  for (const [t, value] of points) {
    if (Number.isNaN(value)) {
      before = Number.NEGATIVE_INFINITY;
      continue;
    }
    if (series.dots) {
      path += `M${scale.x(t)} ${y(value)}h.01`;
      continue;
    }
    path += `${t - before > gap ? "M" : "L"}${scale.x(t)} ${y(value)}`;
    before = t;
  }
  const values = points.map(([, value]) => value).filter((value) => !Number.isNaN(value));
  if (values.length === 0) return null;
  const title = `${series.label}: ${format(Math.min(...values))} to ${format(Math.max(...values))}`;
  // A lone point would be a path without length: the round cap of a tiny step makes it a dot.
  return html`<path class="line ${series.mark}" d="${path}h.01" data-l="${series.label}" data-v="${values.map(format).join("|")}"><title>${title}</title></path>`;
}

/** At most as many points as the drawing has room for, evenly spread. */
function downSample(points: readonly Point[], { from, to, frame }: TimeScale, merge: Measure["merge"]): Point[] {
  if (points.length <= frame.points) return [...points];
  const width = Math.max(1, (to - from) / frame.points);
  const measured = points.filter(([, value]) => !Number.isNaN(value));
  const buckets = groupBy(measured, ([t]) => Math.floor((t - from) / width));
  return [...buckets.values()].map((own) => [own[0]?.[0] ?? from, MERGED[merge](own.map(([, value]) => value))]);
}

const MERGED: Record<Measure["merge"], (values: readonly number[]) => number> = {
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  max: (values) => values.reduce((max, value) => Math.max(max, value)),
  last: (values) => values.at(-1) ?? Number.NaN,
};

interface Axis {
  /** 0 (bottom) to 1 (top). */
  part(value: number): number;
  ticks: number[];
}

function extent(series: readonly Series[]): [number, number] {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { points } of series) {
    for (const [, value] of points) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min > max ? [0, 1] : [min, max];
}

function linearAxis(series: readonly Series[]): Axis {
  const [, max] = extent(series);
  const magnitude = 10 ** Math.floor(Math.log10(max > 0 ? max : 1));
  const top = [1, 2, 2.5, 5, 10].map((step) => step * magnitude).find((value) => value >= max) ?? 10 * magnitude;
  return { part: (value) => Math.min(1, Math.max(0, value / top)), ticks: [0, top / 2, top] };
}

function logAxis(series: readonly Series[]): Axis {
  const [min, max] = extent(series);
  const low = Math.floor(Math.log10(Math.max(min, 0.01)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(max, 0.02))));
  const step = Math.ceil((high - low) / 4);
  const ticks: number[] = [];
  for (let power = low; power <= high; power += step) ticks.push(10 ** power);
  const part = (value: number) => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low);
  return { part: (value) => Math.min(1, Math.max(0, part(value))), ticks };
}

/** A duration on an axis. */
function milliseconds(value: number): string {
  if (value >= 1000) return `${formatCount(value / 1000)} s`;
  return `${value >= 10 ? formatCount(value) : Number(value.toPrecision(1))} ms`;
}

/** 12,300 → "12.3k" */
export function compact(value: number): string {
  for (const [size, unit] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (value >= size) return `${Number((value / size).toPrecision(3))}${unit}`;
  }
  return String(Number(value.toPrecision(3)));
}
