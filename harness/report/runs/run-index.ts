import { existsSync } from "node:fs";
import { readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { groupBy } from "../../base/group-by.ts";
import { proportion, proportionText } from "../../base/proportion.ts";
import { counted, formatTime } from "../../base/units.ts";
import { kindOf } from "../../journal/finding.ts";
import { imagesText } from "../../journal/run-images.ts";
import { bullets } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { htmlPage } from "../html/page.ts";
import { numbers, scrolling, table } from "../html/table.ts";
import { median } from "../time-to-finding.ts";
import { hasVerdict } from "../verified/verified-run.ts";
import { type ListedRun, listRuns } from "./run-list.ts";

/*
 *   reports/<run>/result.json … ─► listRuns ─► experiments × images ─► reports/index.html
 *   reports/<night>/index.html  ─────────────► links
 */

/**
 * Writes index.html into a folder of reports: the history of its runs, made of their folders alone. Several processes may do
 * so at the same time. Returns the file, or null when there is no run in the folder.
 */
export async function writeRunIndex(reports: string): Promise<string | null> {
  const runs = await listRuns(reports);
  if (runs.length === 0) return null;
  const file = join(reports, "index.html");
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, runIndexHtml(runs, await nightsOf(reports)).text);
  await rename(draft, file);
  return file;
}

/** Folders of nights that have a page of their own, latest first. */
async function nightsOf(reports: string): Promise<string[]> {
  const entries = await readdir(reports, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && /-nightly\b/.test(entry.name));
  const nights = folders.map(({ name }) => name).filter((name) => existsSync(join(reports, name, "index.html")));
  return nights.sort().reverse();
}

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

/**
 * index.html of a folder of reports: experiments × images with their verdicts over time. No script, no network.
 * @param runs oldest first
 * @param nights folders of nights that have a page of their own, latest first
 */
function runIndexHtml(runs: readonly ListedRun[], nights: readonly string[]): Html {
  const total = counted(runs.length, "run");
  const groups = [...groupBy(runs, ({ experiment: { file, confirms } }) => JSON.stringify([file, confirms])).values()];
  const files = new Set(runs.map(({ experiment }) => experiment.file));
  const sorted = groups.sort((a, b) => (latestOf(a).startedAt < latestOf(b).startedAt ? 1 : -1));
  const legend = Object.entries(LETTERS).map(
    ([verdict, letter], i) => html`${i > 0 && ", "}${box(letter, verdict)} ${verdict}`,
  );
  return htmlPage({
    title: `kvchaos: ${total}`,
    header: html`<h1>${total} of ${counted(files.size, "experiment")}</h1>
<p class="quiet">Made of the run folders beside this page. Every letter is a run, the latest on the right: ${legend}.</p>`,
    main: html.lines([...sorted.map(groupHtml), ...nightsHtml(nights)]),
    footer: html`Made by kvchaos. Made again after every run, and by <code>kvchaos report</code> with this folder.`,
    script: null,
  });
}

const COLUMNS = [
  "Image",
  "Latest",
  { name: "Runs over time", cell: "trend" },
  "Failed (k of n, 95 % interval)",
  numbers("Median duration"),
];

/** All runs of one experiment, by its file, or of one prediction: titled as its latest run was. */
function groupHtml(runs: readonly ListedRun[]): Html {
  const { title: own, file, confirms } = latestOf(runs).experiment;
  const title = confirms === undefined ? own : `${own}: to make ${confirms} real`;
  const rows = [
    ...groupBy(runs, ({ system, image, nodeImages: nodes }) => `${system} ${imagesText({ image, nodes })}`).values(),
  ];
  return html`<section><h2>${title}</h2>
<p class="quiet"><code>${file}</code></p>
${scrolling(title, table(COLUMNS, rows.map(cells), "history", true))}</section>`;
}

/** All runs of one experiment on one image. */
function cells(runs: readonly ListedRun[]): HtmlContent[] {
  const last = latestOf(runs);
  const judged = runs.filter(hasVerdict);
  const failed = proportion(judged.filter(({ verdict }) => verdict === "fail").length, judged.length);
  const drawn = runs.slice(-MOST_DRAWN);
  const cut =
    runs.length > drawn.length && html` <span class="quiet">(truncated: ${drawn.length} of ${runs.length})</span>`;
  const version = last.serverVersion === null ? "" : ` ${last.serverVersion}`;
  const latest = linked(last, html`<span class="tag v-${last.verdict}">${last.verdict}</span>`);
  const told = [day(last.startedAt), kindsOf(last, 4)].filter((part) => part !== "").join(", ");
  return [
    html`${imagesText({ image: last.image, nodes: last.nodeImages })}<br><span class="quiet">${last.system}${version}</span>`,
    html`${latest}<br><span class="quiet">${told}</span>`,
    [drawn.map((run) => linked(run, box(LETTERS[run.verdict], run.verdict), wordsOf(run))), cut],
    failed.n === 0 ? "no verdict yet" : proportionText(failed),
    formatTime(median(runs.map(({ durationMs }) => durationMs)) ?? 0),
  ];
}

function latestOf(runs: readonly ListedRun[]): ListedRun {
  return runs.at(-1) as ListedRun;
}

function box(letter: string, verdict: string): Html {
  return html`<span class="run v-${verdict}">${letter}</span>`;
}

/** A run whose report is gone is shown without a link. */
function linked({ folder, hasReport }: ListedRun, shown: Html, title?: string): Html {
  const tip = title !== undefined && html` title="${title}" aria-label="${title}"`;
  if (!hasReport) return tip ? html`<span role="img"${tip}>${shown}</span>` : shown;
  return html`<a href="./${encodeURIComponent(folder)}/report.html"${tip}>${shown}</a>`;
}

function wordsOf(run: ListedRun): string {
  const { verdict, startedAt, durationMs, seed } = run;
  const parts = [verdict, day(startedAt), formatTime(durationMs), `seed ${seed}`, kindsOf(run, 6)];
  return parts.filter((part) => part !== "").join(", ");
}

/** "hang/deadlocked, crash/exit" */
function kindsOf({ findings }: ListedRun, most: number): string {
  return [...new Set(findings.map(kindOf))].slice(0, most).join(", ");
}

/** "2025-01-01 12:00" */
function day(startedAt: string): string {
  return startedAt.slice(0, 16).replace("T", " ");
}

function nightsHtml(nights: readonly string[]): Html[] {
  if (nights.length === 0) return [];
  const shown = nights.slice(0, MOST_NIGHTS);
  const cut = nights.length > shown.length && html`<p>truncated: ${shown.length} of ${nights.length}</p>`;
  const links = bullets(shown.map((name) => html`<a href="./${encodeURIComponent(name)}/index.html">${name}</a>`));
  return [html`<section><h2>Nights</h2>${links}${cut}</section>`];
}
