import { escapeHtml } from "../../base/escape.ts";
import { proportion, proportionText } from "../../base/proportion.ts";
import type { ListedRun } from "../run-list.ts";
import type { IndexGroup, IndexRow, RunIndex } from "../runs-by-experiment.ts";
import { seconds, times } from "../wording.ts";
import { htmlPage } from "./page.ts";

/** Runs of a row that are drawn; all are counted. */
const MOST_DRAWN = 40;
const MOST_NIGHTS = 30;

/** A letter in a box: told apart without colour. */
const LETTERS: Record<ListedRun["verdict"], string> = {
  pass: "P",
  fail: "F",
  inconclusive: "?",
  error: "E",
  interrupted: "–",
};

/** index.html of a folder of reports: experiments × images with their verdicts over time. No script, no network. */
export function runIndexHtml({ groups, nights, total }: RunIndex): string {
  const legend = Object.entries(LETTERS).map(([verdict, letter]) => `${box(letter, verdict)} ${verdict}`);
  return htmlPage({
    title: `kvchaos: ${times(total, "run")}`,
    header: `<h1>${times(total, "run")} of ${times(groups.length, "experiment")}</h1>
<p class="quiet">Made of the run folders beside this page. Every letter is a run, the latest on the right: ${legend.join(", ")}.</p>`,
    main: [...groups.map(groupHtml), nightsHtml(nights)].filter((part) => part !== "").join("\n"),
    footer: "Made by kvchaos. Made again after every run, and by <code>kvchaos report</code> with this folder.",
    script: null,
  });
}

function groupHtml({ title, file, rows }: IndexGroup): string {
  return `<section><h2>${escapeHtml(title)}</h2>
<p class="quiet"><code>${escapeHtml(file)}</code></p>
<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(title)}"><table class="history"><thead><tr><th>Image</th><th>Latest</th><th>Runs over time</th><th>Failed (k of n, 95 % interval)</th><th class="n">Median duration</th></tr></thead><tbody>
${rows.map(rowHtml).join("\n")}
</tbody></table></div></section>`;
}

function rowHtml({ image, system, runs }: IndexRow): string {
  const last = runs.at(-1) as ListedRun;
  const judged = runs.filter(({ verdict }) => verdict === "pass" || verdict === "fail");
  const failed = proportion(judged.filter(({ verdict }) => verdict === "fail").length, judged.length);
  const drawn = runs.slice(-MOST_DRAWN);
  const cut =
    runs.length > drawn.length ? ` <span class="quiet">(truncated: ${drawn.length} of ${runs.length})</span>` : "";
  const version = last.serverVersion === null ? "" : ` ${last.serverVersion}`;
  const kinds = [...new Set(last.findings.map(({ type, class: kind }) => `${type}/${kind}`))].slice(0, 4).join(", ");
  const cells = [
    `<td>${escapeHtml(image)}<br><span class="quiet">${escapeHtml(`${system}${version}`)}</span></td>`,
    `<td>${linked(last, `<span class="tag v-${last.verdict}">${last.verdict}</span>`)}<br><span class="quiet">${escapeHtml([day(last.startedAt), kinds].filter((part) => part !== "").join(", "))}</span></td>`,
    `<td class="trend">${drawn.map((run) => linked(run, box(LETTERS[run.verdict], run.verdict), told(run))).join("")}${cut}</td>`,
    `<td>${escapeHtml(failed.n === 0 ? "no verdict yet" : proportionText(failed))}</td>`,
    `<td class="n">${escapeHtml(seconds(median(runs.map(({ durationMs }) => durationMs))))}</td>`,
  ];
  return `<tr>${cells.join("")}</tr>`;
}

function box(letter: string, verdict: string): string {
  return `<span class="run v-${verdict}">${letter}</span>`;
}

/** A run whose report is gone is shown without a link. */
function linked({ folder, hasReport }: ListedRun, html: string, title?: string): string {
  const tip = title === undefined ? "" : ` title="${escapeHtml(title)}" aria-label="${escapeHtml(title)}"`;
  if (!hasReport) return title === undefined ? html : `<span role="img"${tip}>${html}</span>`;
  return `<a href="./${encodeURIComponent(folder)}/report.html"${tip}>${html}</a>`;
}

function told({ verdict, startedAt, durationMs, seed, findings }: ListedRun): string {
  const kinds = [...new Set(findings.map(({ type, class: kind }) => `${type}/${kind}`))].slice(0, 6).join(", ");
  return [verdict, day(startedAt), seconds(durationMs), `seed ${seed}`, kinds].filter((part) => part !== "").join(", ");
}

/** "2025-01-01 12:00" */
function day(startedAt: string): string {
  return startedAt.slice(0, 16).replace("T", " ");
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function nightsHtml(nights: readonly string[]): string {
  if (nights.length === 0) return "";
  const shown = nights.slice(0, MOST_NIGHTS);
  const cut = nights.length > shown.length ? `<p>truncated: ${shown.length} of ${nights.length}</p>` : "";
  const items = shown.map(
    (name) => `<li><a href="./${encodeURIComponent(name)}/index.html">${escapeHtml(name)}</a></li>`,
  );
  return `<section><h2>Nights</h2><ul>${items.join("")}</ul>${cut}</section>`;
}
