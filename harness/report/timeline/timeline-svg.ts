import { clip } from "../../base/shorten.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Html, html } from "../html/markup.ts";
import type { RunSummary } from "../run-summary.ts";
import {
  fullSyncLane,
  loadLanes,
  offsetLanes,
  probeLane,
  processLanes,
  selfLane,
  switchLane,
} from "./measured-lanes.ts";
import { conditionLane, faultLane, pauseLane, phaseLane } from "./span-lanes.ts";
import { type Frame, type Lane, label, round, type TimeScale, tickLabel, timeScale, timeTicks } from "./time-scale.ts";

/*
 *    0 s      10 s      20 s      30 s
 *    ├─ phases ──────────────────────┤
 *    ├─ faults: one row each ────────┤      all lanes share one time axis;
 *    ├─ nodes: one row each ─────────┤      each finding is a line through all of them
 *    ├─ load, probes, offsets, self ─┤
 */

const AXIS = 22;
const TITLE = 18;
const SPACE = 10;
/** Titles are bold and larger than what `label` measures by. */
const BOLD = 0.87;

/** The whole run on one time axis, as one SVG that needs no script; page-script.js finds what moves in `.plot`. */
export function timelineSvg(record: RunRecord, summary: RunSummary, frame: Frame): Html {
  const lanes = [
    phaseLane(summary),
    faultLane(summary, frame),
    ...pauseLane(record, frame),
    conditionLane(record),
    ...loadLanes(record),
    probeLane(record),
    ...offsetLanes(record),
    ...fullSyncLane(record),
    ...switchLane(record, summary.end),
    ...processLanes(record),
    selfLane(record),
  ];
  const scale = timeScale(0, summary.end, frame);
  let y = AXIS;
  const bodies: Html[] = [];
  for (const lane of lanes) {
    const legend = legendOf(lane, y + 12, frame);
    const head = TITLE + legend.height;
    const title = html`${label(lane.title, 4, y + 12, frame.width * BOLD, "lane")}${legend.svg}`;
    const whole = head + lane.height + SPACE;
    bodies.push(
      html`<g class="lane-group" data-height="${whole}" data-title="${lane.title}">${title}<g class="plot">${lane.draw(scale, y + head)}</g></g>`,
    );
    y += whole;
  }
  const height = y + AXIS;
  return html.lines([
    // A group, not an image: the findings' numbers are links.
    html`<svg class="timeline" viewBox="0 0 ${frame.width} ${height}" role="group" aria-label="Time line of the run: phases, faults, nodes, load, probes, replication and the harness itself" data-from="${scale.from}" data-to="${scale.to}" data-left="${frame.left}" data-right="${frame.right}">`,
    html`<clipPath id="plot-clip-${frame.name}"><rect x="${frame.left}" y="0" width="${frame.right - frame.left}" height="${height}"/></clipPath>`,
    html`<g class="plot">${timeGrid(scale, height)}${findingLines(summary, scale, height)}</g>`,
    ...bodies,
    html`<g class="plot">${findingDots(summary, scale)}</g>`,
    html`</svg>`,
  ]);
}

/**
 * What both drawings use, in one of its own: a pattern inside a drawing that is not shown would not be drawn.
 * Patterns tell "not the server's doing" apart without colour.
 */
export const TIMELINE_PATTERNS = html`<svg class="patterns" width="0" height="0" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-back" width="6" height="6"/><line class="hatch-line" x1="0" y1="0" x2="0" y2="6"/></pattern></defs></svg>`;

function timeGrid(scale: TimeScale, height: number): Html[] {
  return timeTicks(scale).map((t) => {
    const x = scale.x(t);
    const text = tickLabel(t);
    return html`<line class="grid" x1="${x}" x2="${x}" y1="${AXIS - 4}" y2="${height - AXIS}"/><text class="tick mid" x="${x}" y="12">${text}</text><text class="tick mid foot" x="${x}" y="${height - 6}">${text}</text>`;
  });
}

/** Behind everything, so that no bar and no word is struck through. */
function findingLines({ findings }: RunSummary, scale: TimeScale, height: number): Html[] {
  return findings.map(({ from }) => {
    const x = scale.x(from);
    return html`<line class="finding-line" x1="${x}" x2="${x}" y1="${AXIS}" y2="${height - AXIS}"/>`;
  });
}

function findingDots({ findings }: RunSummary, scale: TimeScale): Html[] {
  // Findings of the same moment stand beside each other, each still at its own line or right of it.
  let free = Number.NEGATIVE_INFINITY;
  return findings
    .map(({ from, summary }, i) => ({ from, summary, number: i + 1 }))
    .sort((a, b) => a.from - b.from)
    .map(({ from, summary, number }) => {
      const wanted = Math.max(scale.x(from), free);
      free = wanted + 18;
      const x = Math.min(wanted, scale.frame.right);
      return html`<a href="#finding-${number}" data-finding="${round(from)}"><title>Finding ${number}: ${summary}</title><circle class="finding-dot" cx="${x}" cy="${AXIS - 2}" r="8"/><text class="finding-number" x="${x}" y="${AXIS + 2}">${number}</text></a>`;
    });
}

const MARK = 20;
const BETWEEN = 14;
const LINE = 16;
const MOST_CHARS = 34;

/** The lane's legend: right-aligned on its title line (at `y`), or in lines of its own below it where there is no room. */
function legendOf(lane: Lane, y: number, frame: Frame): { svg: Html; height: number } {
  const entries = lane.legend.map(entryOf);
  return frame.name === "wide" ? onTitleLine(entries, lane, y, frame) : below(entries, y, frame);
}

type Entry = ReturnType<typeof entryOf>;

function entryOf({ label, mark }: Lane["legend"][number]) {
  const shown = clip(label, MOST_CHARS);
  return { shown, mark, width: MARK + textWidth(shown) + BETWEEN };
}

function onTitleLine(entries: readonly Entry[], { title }: Lane, y: number, { left, right }: Frame) {
  let x = right + BETWEEN;
  const parts: Html[] = [];
  for (const entry of [...entries].reverse()) {
    x -= entry.width;
    // A title that reaches this far would be written over.
    if (x < left + title.length * 6.4) break;
    parts.push(entrySvg(entry, x, y));
  }
  return { svg: html`${parts}`, height: 0 };
}

function below(entries: readonly Entry[], y: number, { width }: Frame) {
  let x = 4;
  let line = 0;
  const parts: Html[] = [];
  for (const entry of entries) {
    if (x > 4 && x + entry.width - BETWEEN > width) {
      x = 4;
      line++;
    }
    parts.push(entrySvg(entry, x, y + (line + 1) * LINE));
    x += entry.width;
  }
  return { svg: html`${parts}`, height: entries.length === 0 ? 0 : (line + 1) * LINE };
}

function entrySvg({ shown, mark }: Entry, x: number, y: number): Html {
  const isLine = /^s(\d|-)/.test(mark);
  const drawn = /^d\d/.test(mark)
    ? html`<path class="line ${mark}" d="M${round(x + 10)} ${y - 4}h.01"/>`
    : isLine
      ? html`<line class="line ${mark}" x1="${round(x)}" x2="${round(x + 16)}" y1="${y - 4}" y2="${y - 4}"/>`
      : html`<rect class="${mark}" x="${round(x + 2)}" y="${mark === "master" ? y - 5 : y - 9}" width="13" height="${mark === "master" ? 2.5 : 10}"/>`;
  return html`<text class="tick" x="${round(x + MARK)}" y="${y}">${shown}</text>${drawn}`;
}

/** About how wide a text of the small type is, in units of the drawing: SVG cannot measure it without a script. */
function textWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += /[ijlt.,:' ]/.test(letter) ? 3.6 : /[mwMW]/.test(letter) ? 10 : 6.6;
  return width;
}
