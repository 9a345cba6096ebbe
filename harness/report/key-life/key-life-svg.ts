import { groupBy } from "../../base/group-by.ts";
import { clip } from "../../base/shorten.ts";
import { formatSeconds } from "../../base/units.ts";
import { type Html, html } from "../html/markup.ts";
import { label, round } from "../timeline/time-scale.ts";
import {
  type KeyLife,
  keyText,
  type NumberedMoment,
  nearest,
  onCluster,
  outcomeText,
  whatText,
  whenText,
} from "./key-life.ts";

/*
 *            12.301 s      12.340 s  ⟨not to scale⟩   15.002 s
 *   writes   ▐ 1 v12 ok ▌     ┆ flush ┆
 *   m1                        ┆       ┆                ◇ 4 nothing
 *   r1            ▭ 2 v12     ┆       ┆           ▛▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▜
 *                                                 ▌5 final read v12  CONTRADICTS
 */

const LEFT = 104;
const TOP = 40;
const ROW = 36;
const MOST_DRAWN = 48;
const MOST_VALUE = 18;
/** Units of the drawing per character of its small type. */
const LETTER = 6.4;
const BOLD = 7.4;

// Tells a failed operation without colour. Ids are the page's: the same pattern in every picture may share one.
const CROSS = html`<defs><pattern id="life-cross" width="6" height="6" patternUnits="userSpaceOnUse"><path class="life-cross" d="M0 0l6 6M6 0l-6 6"/></pattern></defs>`;

interface Row {
  name: string;
  moments: NumberedMoment[];
}

/** One key's life as an SVG of its own: a lane for writes, one per node for what was read there, bands for what was done to the cluster. */
export function keyLifeSvg(life: KeyLife): Html {
  const drawn = nearest(life.moments, MOST_DRAWN);
  const axis = lifeAxis(drawn, LEFT + 16);
  const rows = lanesOf(drawn).flatMap(({ name, moments }) => stacked(name, moments, axis));
  const foot = TOP + Math.max(1, rows.length) * ROW;
  const width = Math.max(560, axis.width + 120, ...rows.flatMap((row) => row.moments.map((one) => end(one, axis))));
  const height = foot + 24;
  return html`<svg class="life" width="${round(width)}" height="${height}" viewBox="0 0 ${round(width)} ${height}" role="img" aria-label="${spoken(life)}">${[
    CROSS,
    axis.ticks.map(({ t, x }) => tick(t, x, foot)),
    bands(drawn, axis, foot),
    rows.map((row, i) => lane(row, i, axis, width)),
  ]}<text class="tick" x="4" y="${foot + 18}">Order and overlap are true, distances are not: long silences are shortened.</text></svg>`;
}

function spoken(life: KeyLife): string {
  const marked = life.moments.filter((moment) => moment.marked);
  const said = marked.map((one) => `${whatText(one)} ${shortValue(one)} at ${formatSeconds(one.from, 3)}`);
  return `Life of ${keyText(life)}; contradicting: ${said.join("; ") || "none marked"}`;
}

/** Writes by clients first, then the nodes in order of their names. */
function lanesOf(moments: readonly NumberedMoment[]): Row[] {
  const own = moments.filter((moment) => !onCluster(moment));
  const [writes, others] = [own.filter(({ what }) => what === "write"), own.filter(({ what }) => what !== "write")];
  const nodes = [...groupBy(others, ({ node }) => node ?? "any node")].sort(([a], [b]) => (a < b ? -1 : 1));
  return [{ name: "writes", moments: writes }, ...nodes.map(([name, some]) => ({ name, moments: some }))];
}

/** Moments of a lane that overlap, or whose texts would, go below each other. */
function stacked(name: string, moments: readonly NumberedMoment[], axis: LifeAxis): Row[] {
  const rows: (Row & { free: number })[] = [];
  for (const moment of moments) {
    const from = axis.x(moment.from);
    const row = rows.find(({ free }) => free <= from);
    const free = end(moment, axis) + 8;
    if (row) {
      row.moments.push(moment);
      row.free = free;
    } else rows.push({ name: rows.length === 0 ? name : "", moments: [moment], free });
  }
  return rows.length > 0 ? rows : [{ name, moments: [] }];
}

/** Where a moment's drawing ends: its bar or its text. */
function end(moment: NumberedMoment, axis: LifeAxis): number {
  const bar = axis.x(moment.to ?? Infinity);
  const letter = moment.marked ? BOLD : LETTER;
  return Math.max(bar, axis.x(moment.from) + caption(moment).length * letter + 6);
}

function lane({ name, moments }: Row, i: number, axis: LifeAxis, width: number): Html {
  const y = TOP + i * ROW;
  const rule = name !== "" && html`<line class="rule" x1="0" x2="${round(width)}" y1="${y}" y2="${y}"/>`;
  return html`${rule}${label(name, 4, y + 22, LEFT - 8, "lane")}${moments.map((moment) => mark(moment, y, axis))}`;
}

function mark(moment: NumberedMoment, y: number, axis: LifeAxis): Html {
  const from = axis.x(moment.from);
  const to = Math.max(from + 5, axis.x(moment.to ?? Infinity));
  const bar = y + 20;
  const kind = `life-${moment.what} out-${moment.outcome}`;
  const shape =
    moment.what === "flush-effect" || moment.what === "final-read"
      ? html`<path class="${kind}" d="M${from} ${bar - 2}l7 7l-7 7l-7 -7z"/>`
      : html`<rect class="${kind}" x="${from}" y="${bar}" width="${round(to - from)}" height="10" rx="2"/>`;
  const open = moment.to === null && html`<text class="tick" x="${round(to + 3)}" y="${bar + 9}">?</text>`;
  const frame =
    moment.marked &&
    html`<rect class="life-frame" x="${round(from - 10)}" y="${y + 2}" width="${round(end(moment, axis) - from + 16)}" height="${ROW - 3}" rx="4"/>`;
  return html`<g><title>${tooltip(moment)}</title>${frame}${shape}${open}${words(moment, caption(moment), from, y + 15)}</g>`;
}

function words({ marked }: NumberedMoment, text: string, x: number, y: number): Html {
  return html`<text class="${marked ? "life-text life-bad" : "life-text"}" x="${x}" y="${y}">${text}</text>`;
}

/** "3 v12", "5 final read nothing: CONTRADICTS": number, value, and what is not plain from lane and shape. */
function caption(moment: NumberedMoment): string {
  const what = moment.what === "write" || moment.what === "read" ? "" : `${whatText(moment)} `;
  return `${moment.number} ${what}${shortValue(moment)}${ending(moment)}`;
}

function ending(moment: NumberedMoment): string {
  const how = moment.outcome === "ok" ? "" : ` ${outcomeText(moment)}`;
  return `${how}${moment.marked ? " · CONTRADICTS" : ""}`;
}

function shortValue({ value }: NumberedMoment): string {
  return value === null ? "" : clip(value, MOST_VALUE);
}

function tooltip(moment: NumberedMoment): string {
  const { number, node, value, marked } = moment;
  const lines = [
    `${number}. ${whatText(moment)}${node === null ? "" : ` on ${node}`}, ${whenText(moment)}`,
    value === null ? "" : `value: ${value}`,
    `outcome: ${outcomeText(moment)}`,
    marked ? "contradicts another marked moment" : "",
  ];
  return lines.filter((line) => line !== "").join("\n");
}

function tick(t: number, x: number, foot: number): Html {
  return html`<line class="grid" x1="${x}" x2="${x}" y1="16" y2="${foot}"/><text class="tick mid" x="${x}" y="12">${formatSeconds(t, 3)}</text>`;
}

/** Flushes, switches and kills go through all lanes; their names stand in two rows at the top. */
function bands(moments: readonly NumberedMoment[], axis: LifeAxis, foot: number): Html[] {
  const free = [0, 0];
  return moments.filter(onCluster).map((moment) => {
    const x = axis.x(moment.from);
    const width = Math.max(3, axis.x(moment.to ?? Infinity) - x);
    const on = moment.node === null ? "" : ` on ${moment.node}`;
    const text = `${moment.number} ${moment.value === null ? whatText(moment) : shortValue(moment)}${on}${ending(moment)}`;
    const row = (free[0] ?? 0) <= x ? 0 : 1;
    free[row] = x + text.length * LETTER;
    const style = `life-band band-${moment.what}${moment.marked ? " life-bad-band" : ""}`;
    const band = html`<rect class="${style}" x="${x}" y="17" width="${round(width)}" height="${foot - 17}"/>`;
    return html`<g><title>${tooltip(moment)}</title>${band}${words(moment, text, round(x + 2), 25 + row * 11)}</g>`;
  });
}

/** Distance of two neighbouring moments in the drawing: long silences are shortened, short ones stay visible. */
const LEAST = 24;
const MOST = 80;

type LifeAxis = ReturnType<typeof lifeAxis>;

/**
 * An axis on which order and overlap are true and lengths are not: between two neighbouring moments lie at least LEAST and at
 * most MOST units, so that a write, a flush and a read within 3 ms can be told apart although the next read comes a minute later.
 * @param left x of the first moment
 */
export function lifeAxis(moments: readonly NumberedMoment[], left: number) {
  const times = [...new Set(moments.flatMap(({ from, to }) => (to === null ? [from] : [from, to])))].sort(
    (a, b) => a - b,
  );
  const places: { t: number; x: number }[] = [];
  for (const t of times) {
    const before = places.at(-1);
    places.push({ t, x: before ? round(before.x + step(t - before.t)) : left });
  }
  const x = (t: number): number => {
    const after = places.findIndex((place) => place.t >= t);
    const [a, b] = [places[after - 1], places[after]];
    if (!b) return (places.at(-1)?.x ?? left) + (t === Infinity ? MOST : 0);
    return !a || b.t === t ? b.x : round(a.x + ((t - a.t) / (b.t - a.t)) * (b.x - a.x));
  };
  return { width: (places.at(-1)?.x ?? left) + MOST, ticks: spaced(places), x };
}

function step(gap: number): number {
  return Math.min(MOST, Math.max(LEAST, 18 * Math.log2(1 + gap)));
}

/** Labels must not overlap. */
function spaced(places: readonly { t: number; x: number }[]): { t: number; x: number }[] {
  const shown: { t: number; x: number }[] = [];
  for (const place of places) if (place.x - (shown.at(-1)?.x ?? -Infinity) >= 58) shown.push(place);
  return shown;
}
