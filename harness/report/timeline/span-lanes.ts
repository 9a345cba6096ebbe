import { groupBy } from "../../base/group-by.ts";
import { formatTime } from "../../base/units.ts";
import type { EventOf } from "../../journal/events.ts";
import { occurrenceOf } from "../../journal/plan.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { ConditionPeriod } from "../../journal/view/conditions.ts";
import type { FaultOccurrence } from "../../journal/view/fault-occurrences.ts";
import { faultWords, pauseText } from "../fault-words.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import type { RunSummary } from "../run-summary.ts";
import { spanText } from "../verdict-text.ts";
import { type Frame, type Lane, label, round, type TimeScale } from "./time-scale.ts";

const ROW = 20;
const BAR = 14;
const MOST_ROWS = 24;

export function phaseLane({ phases, end }: RunSummary): Lane {
  return {
    title: "Phases",
    legend: [],
    height: ROW,
    draw: (scale, top) =>
      phases.map(({ phase, from, to }, i) => {
        const x = scale.x(from);
        const width = Math.max(1, scale.x(to ?? end) - x);
        const bar = html`<rect class="phase${i % 2}" x="${x}" y="${top}" width="${round(width)}" height="${ROW - 3}"/>`;
        const name = inside(phase, x, top + 12, width, "on-phase");
        return html`<g><title>${phase}: ${spanText(from, to, end)}</title>${bar}${name}</g>`;
      }),
  };
}

/** One row per fault of the experiment, one bar per occurrence, from inject to heal. */
export function faultLane({ faults, end }: RunSummary, { bars: mostBars }: Frame): Lane {
  const rows = groupBy(faults, ({ id }) => occurrenceOf(id).fault);
  const shown = [...rows].slice(0, MOST_ROWS);
  const drawn = shown.reduce((sum, [, some]) => sum + some.length, 0);
  const left = faults.length - Math.min(drawn, mostBars);
  return {
    title: `Faults${left > 0 ? ` (truncated: ${faults.length - left} of ${faults.length})` : ""}`,
    legend: [
      { label: "effect measured", mark: "fault" },
      { label: "no effect, failed or not healed", mark: "fault-doubt" },
    ],
    height: Math.max(1, shown.length) * ROW,
    draw(scale, top) {
      let budget = mostBars;
      return shown.map(([name, some], row) => {
        const y = top + row * ROW;
        const fired = some.filter((one) => one.from !== null);
        const bars = fired.slice(0, Math.max(0, budget)).map((one) => faultBar(one, scale, y, end));
        budget -= bars.length;
        const silent =
          fired.length === 0 && label(`${some.length} × never fired`, scale.frame.left + 4, y + 11, 200, "label-doubt");
        return [rowLabel(name, y, scale), rule(y + ROW - 3, scale), bars, silent];
      });
    },
  };
}

function faultBar(one: FaultOccurrence, scale: TimeScale, y: number, end: number): Html {
  const from = one.from ?? 0;
  const doubt = one.outcome === "inject-failed" || one.outcome === "heal-failed" || one.effect?.measured === false;
  const lines = [
    `${one.id}: ${faultWords(one)}`,
    spanText(from, one.to, end),
    one.effect?.summary ?? "",
    doubt ? `${one.outcome}${one.detail ? `: ${one.detail}` : ""}` : "",
  ];
  const x = scale.x(from);
  const width = widths(round(scale.x(one.to ?? end) - x), 3);
  const title = lines.filter((line) => line !== "").join("\n");
  return html`<rect class="${doubt ? "fault-doubt" : "fault"}" x="${x}" y="${y + 1}" ${width} height="${BAR}"><title>${title}</title></rect>`;
}

/** Pauses of threads by faults of ours: one row per node and fault. None where there were none. */
export function pauseLane(record: RunRecord, { bars: mostBars }: Frame): Lane[] {
  const pauses = record.of("thread-pause");
  const shown = pauses.slice(0, mostBars);
  const rows = [...groupBy(shown, ({ node, id }) => `${node} ${occurrenceOf(id).fault}`)].slice(0, MOST_ROWS);
  const drawn = rows.reduce((sum, [, some]) => sum + some.length, 0);
  if (pauses.length === 0) return [];
  return [
    {
      title: `Threads that paused${drawn < pauses.length ? ` (truncated: ${drawn} of ${pauses.length})` : ""}`,
      legend: [{ label: "paused by a fault", mark: "fault" }],
      height: rows.length * ROW,
      draw: (scale, top) =>
        rows.map(([name, some], row) => {
          const y = top + row * ROW;
          const bars = some.map((one) => pauseBar(one, scale, y));
          return [rowLabel(name, y, scale), rule(y + ROW - 3, scale), bars];
        }),
    },
  ];
}

function pauseBar(one: EventOf<"thread-pause">, scale: TimeScale, y: number): Html {
  const to = one.from + one.ms;
  const x = scale.x(one.from);
  const width = round(scale.x(to) - x);
  const bar = html`<rect class="fault" x="${x}" y="${y + 1}" ${widths(width, 3)} height="${BAR}"/>`;
  const title = `${one.node}: ${pauseText(one)}\n${spanText(one.from, to, scale.to)}`;
  return html`<g><title>${title}</title>${bar}${inside(one.threads.join(", "), x, y + 12, width, "on-phase")}</g>`;
}

/** What the watchdog said of each node; a line above marks the time it was meant to be master. */
export function conditionLane(record: RunRecord): Lane {
  const periods = record.view.conditions;
  const seen = [...new Set([...periods.values()].flat().map((period) => period.condition))];
  const nodes = [...periods];
  // Teardown is nobody's condition.
  const end = record.view.watchEnd;
  return {
    title: "Nodes: the watchdog's verdict",
    legend: [
      ...seen
        .filter((condition) => condition !== "unknown")
        .map((condition) => ({ label: condition, mark: `is-${condition}` })),
      { label: "meant to be master", mark: "master" },
    ],
    height: Math.max(1, nodes.length) * (ROW + 4),
    draw: (scale, top) =>
      nodes.map(([node, own], row) => {
        const y = top + row * (ROW + 4) + 4;
        const segments = own.map((period) => segment(period, scale, y, end));
        return [rowLabel(node, y, scale), segments, masterMarks(record, node, scale, y - 4, end)];
      }),
  };
}

function segment(period: ConditionPeriod, scale: TimeScale, y: number, end: number): Html {
  const { node, condition, from, to, why } = period;
  const x = scale.x(from);
  const width = round(scale.x(to ?? end) - x);
  const name = inside(condition, x, y + 11, width, `on-${condition}`);
  const bar = html`<rect class="is-${condition}" x="${x}" y="${y}" ${widths(width, 1.5)} height="${BAR}"/>`;
  return html`<g><title>${node}: ${condition}, ${spanText(from, to, end)}\n${why}</title>${bar}${name}</g>`;
}

/** A bar's name, where it has room for it. */
function inside(name: string, x: number, y: number, width: number, mark: string): HtmlContent {
  return width > name.length * 6.2 + 6 && label(name, x + 4, y, width, mark);
}

function masterMarks(record: RunRecord, node: string, scale: TimeScale, y: number, end: number): Html[] {
  const topologies = record.of("topology");
  const spans: { from: number; to: number; reason: string }[] = [];
  topologies.forEach((event, i) => {
    if (!event.masters.includes(node)) return;
    const to = topologies[i + 1]?.t ?? end;
    const before = spans.at(-1);
    if (before && before.to === event.t) before.to = to;
    else spans.push({ from: event.t, to, reason: event.reason });
  });
  return spans.map(({ from, to, reason }) => {
    const x = scale.x(from);
    const width = widths(round(scale.x(to) - x), 1.5);
    const title = html`<title>${node} is meant to be master from ${formatTime(from)} (${reason})</title>`;
    return html`<rect class="master" x="${x}" y="${y}" ${width} height="2.5">${title}</rect>`;
  });
}

/** Attributes of a bar that must be seen however short it is; `data-w` is its true width, for whoever zooms in. */
function widths(exact: number, least: number): Html {
  return exact >= least ? html`width="${exact}"` : html`width="${least}" data-w="${exact}"`;
}

function rowLabel(text: string, y: number, { frame }: TimeScale): Html {
  return label(text, 4, y + 11, frame.left - 10, "label", /-\d+$/.exec(text)?.[0]);
}

function rule(y: number, { frame }: TimeScale): Html {
  return html`<line class="rule" x1="${frame.left}" x2="${frame.right}" y1="${y}" y2="${y}"/>`;
}
