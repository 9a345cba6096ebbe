import { shortenCounted } from "../../base/shorten.ts";
import { counted, formatCount } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import { scrollingOf } from "../finding/shown-finding.ts";
import { folded } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { numbers, table } from "../html/table.ts";
import {
  type KeyLife,
  keyLifeOf,
  keyText,
  type NumberedMoment,
  outcomeText,
  whatText,
  whenText,
  wrongCellsOf,
} from "./key-life.ts";
import { keyLifeSvg } from "./key-life-svg.ts";

const MOST_VALUE = 300;
const MOST_MARKED = 12;

/** The life of the key that a data finding is about: picture, legend and table. null when the finding has none. */
export function keyLifeHtml(finding: Finding, number: number): Html | null {
  const life = keyLifeOf(finding);
  if (!life) return null;
  return html.lines([
    html`<h4>Life of <code>${keyText(life)}</code></h4>`,
    contradiction(life),
    scrollingOf({ number }, "Life of the key", keyLifeSvg(life)),
    LEGEND,
    tableHtml(life, number),
    others(finding, number),
  ]);
}

/** What contradicts, before any picture: a narrow screen shows only the picture's beginning. */
function contradiction({ moments }: KeyLife): HtmlContent {
  const marked = moments.filter((moment) => moment.marked).slice(0, MOST_MARKED);
  if (marked.length === 0) return null;
  const items = marked.map((moment) => {
    const value = moment.value === null ? "" : `: ${shorten(moment.value)}`;
    const where = moment.node === null ? "" : ` on ${moment.node}`;
    return html`<li value="${moment.number}">${whatText(moment)}${where}${value}, ${outcomeText(moment)}, ${whenText(moment)}</li>`;
  });
  return html`<p>These contradict each other (numbers as in the picture and in the table):</p><ol>${items}</ol>`;
}

const LEGEND = html`<p class="quiet">Bars last from question to answer: filled, a write; hollow, a read; dashed, nobody knows whether it happened; crossed out in grey, it failed. Diamonds: read after load had stopped, or the first moment at which a node no longer had what a flush removes. Bands: done to the whole cluster. Framed and marked <strong>CONTRADICTS</strong>: what cannot all be true of a correct server.</p>`;

function tableHtml({ moments, total }: KeyLife, number: number): Html {
  const columns = [numbers("No."), { name: "Time", cell: "when" }, "What", "Node", "Value", "Outcome"];
  const rows = moments.map((moment) => ({ mark: moment.marked ? "marked" : null, cells: cells(moment) }));
  const cut = total > moments.length ? ` (truncated: ${moments.length} of ${formatCount(total)})` : "";
  return folded(
    `The same as a table: ${counted(moments.length, "moment")}${cut}`,
    scrollingOf({ number }, html`Moments of the key's life`, table(columns, rows)),
  );
}

function cells(moment: NumberedMoment): HtmlContent[] {
  const { number, node, value, marked } = moment;
  const bad = marked && html` <span class="tag t-bad">contradicts</span>`;
  const shown = value === null ? null : html`<code>${shorten(value)}</code>`;
  return [number, whenText(moment), [whatText(moment), bad], node ?? "all", shown, outcomeText(moment)];
}

/** One key stands for many: where the same was seen. */
function others(finding: Finding, number: number): HtmlContent {
  const { cells: seen, count } = wrongCellsOf(finding);
  if (count < 2) return null;
  const rows = seen.map(({ key, element, found, expected }) => [
    html`<code>${shorten(keyText({ key, element }))}</code>`,
    shorten(found),
    shorten(expected),
  ]);
  const shown = rows.length < count ? `: the first ${rows.length}` : "";
  return folded(
    `The same at ${counted(count, "place")}${shown}`,
    scrollingOf({ number }, "Places that show the same", table(["Key", "Found", "Had to be there"], rows)),
  );
}

function shorten(value: string): string {
  return shortenCounted(value, MOST_VALUE);
}
