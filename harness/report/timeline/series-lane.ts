import { type Html, html } from "../html/markup.ts";
import { type Lane, round, type TimeScale } from "./time-scale.ts";

/** A value of NaN ends the line: what follows is another course. */
export type Point = readonly [t: number, value: number];

export interface Series {
  label: string;
  /** Class of the line: "s1" … "s6" differ in colour and dashes. */
  mark: string;
  points: readonly Point[];
  /** Single measurements, not a course: dots without a line. */
  dots?: boolean;
}

export interface SeriesLane {
  title: string;
  series: readonly Series[];
  scale: "linear" | "log";
  /** Text of a value on the axis and in tooltips. */
  format(value: number): string;
  /** How points that fall on the same pixel become one: a peak must stay visible, an average must stay true. */
  merge: "mean" | "max" | "last";
  /** Stretches to shade, such as starved seconds. */
  shade?: readonly { from: number; to: number; label: string }[];
}

const HEIGHT = 74;
/** A longer silence is a gap in the line: nothing was measured. */
const GAP_MS = 4000;

/** A chart of numbers over time, without anything but SVG. */
export function seriesLane(lane: SeriesLane): Lane {
  const { title, series, format } = lane;
  const present = series.filter((one) => one.points.length > 0);
  const axis = lane.scale === "log" ? logAxis(present) : linearAxis(present);
  return {
    title,
    legend: present.map(({ label, mark }) => ({ label, mark })),
    height: HEIGHT,
    draw(scale, top) {
      const { left, right } = scale.frame;
      const y = (value: number) => round(top + HEIGHT - 4 - axis.part(value) * (HEIGHT - 12));
      const grid = axis.ticks.map(
        (value) =>
          html`<line class="rule" x1="${left}" x2="${right}" y1="${y(value)}" y2="${y(value)}"/><text class="tick end" x="${left - 6}" y="${y(value) + 3.5}">${format(value)}</text>`,
      );
      const shades = (lane.shade ?? []).map(({ from, to, label }) => {
        const x = scale.x(from);
        return html`<rect class="shade" x="${x}" y="${top}" width="${round(Math.max(1, scale.x(to) - x))}" height="${HEIGHT - 4}"><title>${label}</title></rect>`;
      });
      const lines = present.map((one) => line(one, downSample(one.points, scale, lane.merge), scale, y, format));
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
  const values = points.flatMap(([, value]) => (Number.isNaN(value) ? [] : [value]));
  if (values.length === 0) return null;
  const texts = points.flatMap(([, value]) => (Number.isNaN(value) ? [] : [format(value)]));
  const title = `${series.label}: ${format(Math.min(...values))} to ${format(Math.max(...values))}`;
  // A lone point would be a path without length: the round cap of a tiny step makes it a dot.
  return html`<path class="line ${series.mark}" d="${path}h.01" data-l="${series.label}" data-v="${texts.join("|")}"><title>${title}</title></path>`;
}

/** At most as many points as the drawing has room for, evenly spread. */
function downSample(points: readonly Point[], { from, to, frame }: TimeScale, merge: SeriesLane["merge"]): Point[] {
  if (points.length <= frame.points) return [...points];
  const width = Math.max(1, (to - from) / frame.points);
  const buckets = new Map<number, { t: number; sum: number; max: number; last: number; n: number }>();
  for (const [t, value] of points) {
    if (Number.isNaN(value)) continue;
    const index = Math.floor((t - from) / width);
    const bucket = buckets.get(index);
    if (!bucket) buckets.set(index, { t, sum: value, max: value, last: value, n: 1 });
    else {
      bucket.sum += value;
      bucket.max = Math.max(bucket.max, value);
      bucket.last = value;
      bucket.n++;
    }
  }
  return [...buckets.values()].map(({ t, sum, max, last, n }) => [
    t,
    merge === "mean" ? sum / n : merge === "max" ? max : last,
  ]);
}

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
