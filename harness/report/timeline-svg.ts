import type { RunRecord } from "../journal/record.ts";
import { escapeHtml } from "./escape.ts";
import { loadLanes, offsetLanes, probeLane, selfLane } from "./measured-lanes.ts";
import type { RunSummary } from "./run-summary.ts";
import { fullSyncLane, processLanes, switchLane } from "./server-lanes.ts";
import { conditionLane, faultLane, phaseLane } from "./span-lanes.ts";
import { type Lane, LEFT, RIGHT, round, type TimeScale, tickLabel, timeScale, timeTicks, WIDTH } from "./time-scale.ts";

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

/** The whole run on one time axis, as one SVG that needs no script; page-script.js finds what moves in `.plot`. */
export function timelineSvg(record: RunRecord, summary: RunSummary): string {
  const lanes = [
    phaseLane(summary),
    faultLane(summary),
    conditionLane(record),
    ...loadLanes(record),
    probeLane(record),
    ...offsetLanes(record),
    ...fullSyncLane(record),
    ...switchLane(record, summary.end),
    ...processLanes(record),
    selfLane(record),
  ];
  const scale = timeScale(0, summary.end);
  let y = AXIS;
  const bodies: string[] = [];
  for (const lane of lanes) {
    const title = `<text class="lane" x="4" y="${y + 12}">${escapeHtml(lane.title)}</text>${legend(lane, y + 12)}`;
    const whole = TITLE + lane.height + SPACE;
    bodies.push(
      `<g class="lane-group" data-height="${whole}" data-title="${escapeHtml(lane.title)}">${title}<g class="plot">${lane.draw(scale, y + TITLE)}</g></g>`,
    );
    y += whole;
  }
  const height = y + AXIS;
  return [
    // A group, not an image: the findings' numbers are links.
    `<svg class="timeline" viewBox="0 0 ${WIDTH} ${height}" role="group" aria-label="Time line of the run: phases, faults, nodes, load, probes, replication and the harness itself" data-from="${scale.from}" data-to="${scale.to}" data-left="${LEFT}" data-right="${RIGHT}">`,
    HATCH,
    `<clipPath id="plot-clip"><rect x="${LEFT}" y="0" width="${RIGHT - LEFT}" height="${height}"/></clipPath>`,
    `<g class="plot">${timeGrid(scale, height)}${findingLines(summary, scale, height)}</g>`,
    ...bodies,
    `<g class="plot">${findingDots(summary, scale)}</g>`,
    "</svg>",
  ].join("\n");
}

// Patterns tell "not the server's doing" apart without colour.
const HATCH =
  '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-back" width="6" height="6"/><line class="hatch-line" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>';

function timeGrid(scale: TimeScale, height: number): string {
  return timeTicks(scale)
    .map((t) => {
      const x = scale.x(t);
      const text = escapeHtml(tickLabel(t));
      return `<line class="grid" x1="${x}" x2="${x}" y1="${AXIS - 4}" y2="${height - AXIS}"/><text class="tick mid" x="${x}" y="12">${text}</text><text class="tick mid foot" x="${x}" y="${height - 6}">${text}</text>`;
    })
    .join("");
}

/** The lane's legend, right-aligned on its title line. Widths are estimates: SVG cannot measure text without a script. */
function legend(lane: Lane, y: number): string {
  let x = RIGHT;
  const parts: string[] = [];
  for (const { label, mark } of [...lane.legend].reverse()) {
    const shown = label.length > 34 ? `${label.slice(0, 33)}…` : label;
    x -= textWidth(shown);
    // A title that reaches this far would be written over.
    if (x < LEFT + lane.title.length * 6.4) break;
    parts.push(`<text class="tick" x="${round(x)}" y="${y}">${escapeHtml(shown)}</text>`);
    x -= 20;
    const isLine = /^s(\d|-)/.test(mark);
    parts.push(
      /^d\d/.test(mark)
        ? `<path class="line ${mark}" d="M${round(x + 10)} ${y - 4}h.01"/>`
        : isLine
          ? `<line class="line ${mark}" x1="${round(x)}" x2="${round(x + 16)}" y1="${y - 4}" y2="${y - 4}"/>`
          : `<rect class="${mark}" x="${round(x + 2)}" y="${mark === "master" ? y - 5 : y - 9}" width="13" height="${mark === "master" ? 2.5 : 10}"/>`,
    );
    x -= 14;
  }
  return parts.join("");
}

/** About how wide a text of the small type is, in units of the drawing. */
function textWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += /[ijlt.,:' ]/.test(letter) ? 3.6 : /[mwMW]/.test(letter) ? 10 : 6.6;
  return width;
}

/** Behind everything, so that no bar and no word is struck through. */
function findingLines({ findings }: RunSummary, scale: TimeScale, height: number): string {
  return findings
    .map(({ from }) => {
      const x = scale.x(from);
      return `<line class="finding-line" x1="${x}" x2="${x}" y1="${AXIS}" y2="${height - AXIS}"/>`;
    })
    .join("");
}

function findingDots({ findings }: RunSummary, scale: TimeScale): string {
  // Findings of the same moment stand beside each other, each still at its own line or right of it.
  let free = Number.NEGATIVE_INFINITY;
  const placed = findings
    .map((finding, i) => ({ finding, i }))
    .sort((a, b) => a.finding.from - b.finding.from)
    .map((one) => {
      const x = Math.max(scale.x(one.finding.from), free);
      free = x + 18;
      return { ...one, x: Math.min(x, RIGHT) };
    });
  return placed
    .map(({ finding, i, x }) => {
      const title = `<title>${escapeHtml(`Finding ${i + 1}: ${finding.summary}`)}</title>`;
      return `<a href="#finding-${i + 1}" data-finding="${round(finding.from)}">${title}<circle class="finding-dot" cx="${x}" cy="${AXIS - 2}" r="8"/><text class="finding-number" x="${x}" y="${AXIS + 2}">${i + 1}</text></a>`;
    })
    .join("");
}
