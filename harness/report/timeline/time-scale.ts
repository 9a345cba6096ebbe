import { clip } from "../../base/shorten.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";

/** One drawing of the time line: its measures in SVG user units (the page scales it), and how much detail it has room for. */
export interface Frame {
  name: "wide" | "narrow";
  width: number;
  /** Where time begins and ends; left of it are names and scales. */
  left: number;
  right: number;
  /** At most, on the axis. */
  ticks: number;
  /** Points of a line. */
  points: number;
  /** Bars of faults; what is beyond is said in the lane's title. */
  bars: number;
}

export const WIDE: Frame = { name: "wide", width: 1000, left: 110, right: 988, ticks: 10, points: 440, bars: 3000 };
/** For a telephone: as wide as its screen, so that its words are as large as they should be. */
export const NARROW: Frame = { name: "narrow", width: 390, left: 68, right: 384, ticks: 5, points: 150, bars: 800 };

export type TimeScale = ReturnType<typeof timeScale>;

/** Maps run milliseconds to x. */
export function timeScale(from: number, to: number, frame: Frame) {
  const { left, right } = frame;
  const length = Math.max(1, to - from);
  return {
    from,
    to,
    frame,
    x: (t: number) => round(left + ((Math.min(Math.max(t, from), to) - from) / length) * (right - left)),
  };
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** Round moments. */
export function timeTicks({ from, to, frame }: TimeScale): number[] {
  const step = (STEPS_S.find((s) => (to - from) / (s * 1000) <= frame.ticks) ?? 86_400) * 1000;
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
  draw(scale: TimeScale, top: number): HtmlContent;
}

/** A value of NaN ends the line: what follows is another course. */
export type Point = readonly [t: number, value: number];

export interface Series {
  label: string;
  /** Class of the line: "s1" … "s6" differ in colour and dashes, "s-rest" is quiet. */
  mark: string;
  points: readonly Point[];
  /** Single measurements, not a course: dots without a line. */
  dots?: boolean;
}

/** Text cut to about `width` units of the drawing's small type, whole in its tooltip. @param end of the text, which stays */
export function label(text: string, x: number, y: number, width: number, mark = "label", end = ""): Html {
  const room = Math.max(1, Math.floor(width / 6.2));
  const shown = text.length <= room ? text : clip(text, Math.max(1, room - end.length)) + end;
  const title = shown !== text && html`<title>${text}</title>`;
  return html`<text class="${mark}" x="${round(x)}" y="${round(y)}">${title}${shown}</text>`;
}
