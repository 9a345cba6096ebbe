import { escapeHtml } from "./escape.ts";

/** Inner width and height of the drawing are in SVG user units; the page scales it. */
export const WIDTH = 1000;
export const LEFT = 110;
export const RIGHT = WIDTH - 12;

/** Maps run milliseconds to x. */
export interface TimeScale {
  from: number;
  to: number;
  x(t: number): number;
}

export function timeScale(from: number, to: number): TimeScale {
  const length = Math.max(1, to - from);
  return { from, to, x: (t) => round(LEFT + ((Math.min(Math.max(t, from), to) - from) / length) * (RIGHT - LEFT)) };
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** Round moments, at most about ten. */
export function timeTicks({ from, to }: TimeScale): number[] {
  const step = (STEPS_S.find((s) => (to - from) / (s * 1000) <= 10) ?? 86_400) * 1000;
  const ticks: number[] = [];
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) ticks.push(t);
  return ticks;
}

export function tickLabel(t: number): string {
  const s = Math.round(t / 1000);
  if (s < 120) return `${s} s`;
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** One hundredth of a unit is below anything visible and keeps the file small. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A strip of the drawing. `draw` gets the y of its upper edge and returns SVG. */
export interface Lane {
  title: string;
  legend: readonly { label: string; mark: string }[];
  height: number;
  draw(scale: TimeScale, top: number): string;
}

/** Text cut to about `width` units of the drawing's small type, whole in its tooltip. */
export function label(text: string, x: number, y: number, width: number, mark = "label"): string {
  const most = Math.max(1, Math.floor(width / 6.2));
  const shown = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  const title = shown === text ? "" : `<title>${escapeHtml(text)}</title>`;
  return `<text class="${mark}" x="${round(x)}" y="${round(y)}">${title}${escapeHtml(shown)}</text>`;
}
