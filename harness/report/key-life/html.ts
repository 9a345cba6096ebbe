import { escapeHtml } from "../../base/escape.ts";
import type { Finding } from "../../journal/events.ts";
import { grouped, times } from "../wording.ts";
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
import { keyLifeSvg } from "./svg.ts";

const MOST_VALUE = 300;
const MOST_MARKED = 12;

/** The life of the key that a data finding is about: picture, legend and table. "" when the finding has none. */
export function keyLifeHtml(finding: Finding): string {
  const life = keyLifeOf(finding);
  if (!life) return "";
  return [
    `<h4>Life of <code>${escapeHtml(keyText(life))}</code></h4>`,
    contradiction(life),
    `<div class="scroll" tabindex="0" role="region" aria-label="Life of the key">${keyLifeSvg(life)}</div>`,
    legend(),
    tableHtml(life),
    others(finding),
  ].join("\n");
}

/** What contradicts, before any picture: a narrow screen shows only the picture's beginning. */
function contradiction({ moments }: KeyLife): string {
  const marked = moments.filter((moment) => moment.marked).slice(0, MOST_MARKED);
  if (marked.length === 0) return "";
  const items = marked.map((moment) => {
    const value = moment.value === null ? "" : `: ${shorten(moment.value)}`;
    const where = moment.node === null ? "" : ` on ${moment.node}`;
    return `<li value="${moment.number}">${escapeHtml(`${whatText(moment)}${where}${value}, ${outcomeText(moment)}, ${whenText(moment)}`)}</li>`;
  });
  return `<p>These contradict each other (numbers as in the picture and in the table):</p><ol>${items.join("")}</ol>`;
}

function legend(): string {
  return `<p class="quiet">Bars last from question to answer: filled, a write; hollow, a read; dashed, nobody knows whether it happened; crossed out in grey, it failed. Diamonds: read after load had stopped, or the first moment at which a node no longer had what a flush removes. Bands: done to the whole cluster. Framed and marked <strong>CONTRADICTS</strong>: what cannot all be true of a correct server.</p>`;
}

function tableHtml({ moments, total }: KeyLife): string {
  const cut = total > moments.length ? ` (truncated: ${moments.length} of ${grouped(total)})` : "";
  return `<details><summary>The same as a table: ${times(moments.length, "moment")}${cut}</summary><div class="scroll" tabindex="0" role="region" aria-label="Moments of the key's life"><table><thead><tr><th class="n">No.</th><th>Time</th><th>What</th><th>Node</th><th>Value</th><th>Outcome</th></tr></thead><tbody>${moments.map(rowHtml).join("")}</tbody></table></div></details>`;
}

function rowHtml(moment: NumberedMoment): string {
  const { number, node, value, marked } = moment;
  const bad = marked ? ' <span class="tag t-bad">contradicts</span>' : "";
  return `<tr${marked ? ' class="marked"' : ""}><td class="n">${number}</td><td class="when">${escapeHtml(whenText(moment))}</td><td>${whatText(moment)}${bad}</td><td>${escapeHtml(node ?? "all")}</td><td>${value === null ? "" : `<code>${escapeHtml(shorten(value))}</code>`}</td><td>${outcomeText(moment)}</td></tr>`;
}

/** One key stands for many: where the same was seen. */
function others(finding: Finding): string {
  const { cells, count } = wrongCellsOf(finding);
  if (count < 2) return "";
  const rows = cells.map(
    ({ key, element, found, expected }) =>
      `<tr><td><code>${escapeHtml(shorten(keyText({ key, element })))}</code></td><td>${escapeHtml(shorten(found))}</td><td>${escapeHtml(shorten(expected))}</td></tr>`,
  );
  const shown = rows.length < count ? `: the first ${rows.length}` : "";
  return `<details><summary>The same at ${times(count, "place")}${shown}</summary><div class="scroll" tabindex="0" role="region" aria-label="Places that show the same"><table><thead><tr><th>Key</th><th>Found</th><th>Had to be there</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></details>`;
}

function shorten(value: string): string {
  return value.length > MOST_VALUE ? `${value.slice(0, MOST_VALUE)}… (${value.length} characters)` : value;
}
