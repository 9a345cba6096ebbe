import { clip } from "../../base/shorten.ts";
import type { HangEvidence, WaitGraph } from "../../journal/evidence-data.ts";
import { type Html, html } from "../html/markup.ts";
import { round } from "../timeline/time-scale.ts";
import { type WaitArrow, type WaitBox, type WaitPicture, waitPicture } from "./wait-boxes.ts";

/*
 *   ┌──────────┐  waits for its end (join)   ┌───────────────┐
 *   │ worker 1 │ ──────────────────────────► │ master-repl 2 │      the cycle, in red
 *   └──────────┘ ◄────────────────────────── └───────────────┘
 *        ▲            wants rwlock (write)
 *   ┌──────────┐
 *   │ 7 × work │       everybody behind it, one row per step
 *   └──────────┘
 */

const WIDTH = 860;
const BOX_WIDTH = 256;
const BOX_HEIGHT = 62;
const ROW = 112;
const PER_ROW = 3;
const MOST_BOXES = 36;
/** Room for the arrow from a box to itself, and its words. */
const SELF_ARROW = 310;
const TITLE_CHARS = 32;
const LINE_CHARS = 40;

interface Place {
  x: number;
  y: number;
}

/** The graph as an SVG without scripts; null when there is nothing to draw. `says`: the same in words, for screen readers. */
export function waitGraphSvg(graph: WaitGraph, threads: HangEvidence["threads"], says: string): Html | null {
  return waitPictureSvg(waitPicture(graph, threads), `Wait-for graph: ${says}`);
}

/** @param label for screen readers */
export function waitPictureSvg(whole: WaitPicture, label: string): Html | null {
  if (whole.boxes.length < 2 && whole.cycle.length === 0) return null;
  const boxes = [...whole.boxes].sort((a, b) => a.depth - b.depth).slice(0, MOST_BOXES);
  const { places, height } = layOut(whole, boxes);
  const kept = whole.arrows.filter(({ from, to }) => places.has(from) && places.has(to));
  const { from, width } = extent(places, whole.cycle.length === 1);
  const left = whole.boxes.length - boxes.length;
  const cut =
    left > 0 &&
    html`<text class="wl" x="${from + 12}" y="${height - 8}">truncated: ${boxes.length} of ${whole.boxes.length} boxes</text>`;
  return html.lines([
    html`<svg class="waits" width="${width}" viewBox="${from} 0 ${width} ${height}" role="img" aria-label="${label}">`,
    ARROW_HEADS,
    ...kept.map((arrow) => arrowSvg(arrow, places, whole.cycle)),
    ...boxes.map((box) => boxSvg(box, places.get(box.key) as Place)),
    cut,
    html`</svg>`,
  ]);
}

const ARROW_HEADS = html`<defs>${["wh", "whc"].map(
  (id) =>
    html`<marker id="${id}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="${id}" d="M0 0L10 5L0 10z"/></marker>`,
)}</defs>`;

/** The cycle goes down the left side and up the right one; below it come rows by distance. */
function layOut(whole: WaitPicture, boxes: readonly WaitBox[]): { places: Map<string, Place>; height: number } {
  const places = new Map<string, Place>();
  const shown = new Set(boxes.map((box) => box.key));
  const cycle = whole.cycle.filter((key) => shown.has(key));
  const half = Math.ceil(cycle.length / 2);
  const middle = (WIDTH - BOX_WIDTH) / 2;
  cycle.forEach((key, i) => {
    const down = i < half;
    const x = cycle.length === 1 ? middle : down ? 20 : WIDTH - BOX_WIDTH - 20;
    places.set(key, { x, y: 14 + (down ? i : cycle.length - 1 - i) * ROW });
  });
  let y = 14 + (cycle.length === 0 ? 0 : half * ROW);
  const deepest = Math.max(0, ...boxes.map((box) => box.depth));
  for (let depth = 0; depth <= deepest; depth++) {
    const row = boxes.filter((box) => box.depth === depth && !places.has(box.key));
    for (let first = 0; first < row.length; first += PER_ROW) {
      const some = row.slice(first, first + PER_ROW);
      const step = WIDTH / some.length;
      some.forEach((box, i) => {
        places.set(box.key, { x: round(step * (i + 0.5) - BOX_WIDTH / 2), y });
      });
      y += ROW;
    }
  }
  return { places, height: y - (ROW - BOX_HEIGHT) + 22 };
}

/** Only as wide as what is drawn: a single column must fit a telephone. */
function extent(places: ReadonlyMap<string, Place>, selfArrow: boolean): { from: number; width: number } {
  const xs = [...places.values()].map((place) => place.x);
  const from = Math.floor(Math.min(...xs) - 12);
  const to = Math.ceil(Math.max(...xs) + BOX_WIDTH + (selfArrow ? SELF_ARROW : 12));
  return { from, width: to - from };
}

function boxSvg({ title, lines, inCycle, kind, cutBy }: WaitBox, { x, y }: Place): Html {
  const end = kind === "link" || kind === "peer";
  const mark = inCycle ? "wb wbc" : cutBy !== null ? "wb wbx" : kind === "readers" ? "wb wbr" : "wb";
  const all = cutBy === null ? lines : [`cut by fault ${cutBy}`, ...lines];
  const text = all.slice(0, 2).map((line, i) => {
    const style = i === 0 && cutBy !== null ? "wl wcut" : "wl";
    return html`<text class="${style}" x="${x + 12}" y="${y + 38 + i * 15}">${clip(line, LINE_CHARS)}</text>`;
  });
  const whole = html`<title>${[title, ...all].join("\n")}</title>`;
  return html`<g>${whole}<rect class="${mark}" x="${x}" y="${y}" width="${BOX_WIDTH}" height="${BOX_HEIGHT}" rx="${end ? 14 : 4}"/><text class="wt" x="${x + 12}" y="${y + 20}">${clip(title, TITLE_CHARS)}</text>${text}</g>`;
}

function arrowSvg(arrow: WaitArrow, places: ReadonlyMap<string, Place>, cycle: readonly string[]): Html {
  const from = places.get(arrow.from) as Place;
  const to = places.get(arrow.to) as Place;
  const style = arrow.inCycle
    ? html`class="wa wac" marker-end="url(#whc)"`
    : html`class="${arrow.maybe ? "wa wam" : "wa"}" marker-end="url(#wh)"`;
  if (arrow.from === arrow.to) return selfArrow(arrow, from, style);
  if (arrow.inCycle || from.y === to.y) {
    const line = straight(from, to, cycle.length === 2 ? (arrow.from === cycle[0] ? -14 : 14) : 0);
    const label = arrow.inCycle || arrow.maybe ? onArrow(arrow.label, line, arrow.from === cycle[0]) : null;
    return html`<path ${style} d="M${line.x1} ${line.y1}L${line.x2} ${line.y2}"/>${label}`;
  }
  // Waiting is drawn upwards: from the queue to what it waits for. A suspicion goes down, beside it.
  const up = from.y > to.y;
  const x1 = from.x + BOX_WIDTH / 2 + (arrow.maybe ? 40 : 0);
  const x2 = to.x + BOX_WIDTH / 2 + (arrow.maybe ? 40 : spread(from, to));
  const y1 = up ? from.y : from.y + BOX_HEIGHT;
  const y2 = up ? to.y + BOX_HEIGHT : to.y;
  const bend = (y1 + y2) / 2;
  const label = arrow.maybe ? text(arrow.label, (x1 + x2) / 2 + 8, bend, "start") : null;
  return html`<path ${style} d="M${round(x1)} ${y1}C${round(x1)} ${bend} ${round(x2)} ${bend} ${round(x2)} ${y2}"/>${label}`;
}

/** Arrows from different sides end at different points of the same box. */
function spread(from: Place, to: Place): number {
  return Math.max(-80, Math.min(80, (from.x - to.x) / 4));
}

function straight(from: Place, to: Place, shift: number) {
  const middle = BOX_HEIGHT / 2;
  if (from.x === to.x) {
    const x = from.x + BOX_WIDTH / 2;
    const down = to.y > from.y;
    return { x1: x, x2: x, y1: from.y + (down ? BOX_HEIGHT : 0), y2: to.y + (down ? 0 : BOX_HEIGHT) };
  }
  const right = to.x > from.x;
  return {
    x1: from.x + (right ? BOX_WIDTH : 0),
    x2: to.x + (right ? 0 : BOX_WIDTH),
    y1: from.y + middle + shift,
    y2: to.y + middle + shift,
  };
}

function onArrow(label: string, { x1, y1, x2, y2 }: ReturnType<typeof straight>, above: boolean): Html {
  const x = (x1 + x2) / 2;
  const y = (y1 + y2) / 2;
  // Beside an arrow on the right there is room on its left alone.
  if (x1 === x2) return x > WIDTH / 2 ? text(label, x - 10, y + 4, "end") : text(label, x + 10, y + 4, "start");
  return text(label, x, above ? y - 8 : y + 18, "middle");
}

function selfArrow({ label }: WaitArrow, { x, y }: Place, style: Html): Html {
  const right = x + BOX_WIDTH;
  return html`<path ${style} d="M${right} ${y + 14}C${right + 60} ${y} ${right + 60} ${y + BOX_HEIGHT} ${right} ${y + BOX_HEIGHT - 14}"/>${text(label, right + 54, y + BOX_HEIGHT / 2 + 4, "start")}`;
}

function text(label: string, x: number, y: number, anchor: "start" | "middle" | "end"): Html {
  const end = anchor === "end" && html` text-anchor="end"`;
  return html`<text class="wl${anchor === "middle" ? " wmid" : ""}"${end} x="${round(x)}" y="${round(y)}">${clip(label, LINE_CHARS)}</text>`;
}
