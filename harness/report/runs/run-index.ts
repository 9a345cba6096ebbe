import { existsSync, readFileSync } from "node:fs";
import { readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { proportionText } from "../../base/proportion.ts";
import { counted, formatTime } from "../../base/units.ts";
import { bullets } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { htmlPage } from "../html/page.ts";
import { numbers, scrolling, table } from "../html/table.ts";
import { median } from "../time-to-finding.ts";
import { type ExperimentRuns, experimentRuns, type ImageRuns } from "./experiment-runs.ts";
import { day, kindsOf, LEGEND, letterOf, linked, wordsOf } from "./one-run.ts";
import { type ListedRun, listRuns } from "./run-list.ts";
import { matrixHtml } from "./run-matrix.ts";

/*
 *   reports/<run>/result.json … ─► listRuns ─► matrix and lists ─► reports/index.html
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

/** The page's only script: its filter. */
const FILTER = readFileSync(new URL("run-filter.js", import.meta.url), "utf8");

/**
 * index.html of a folder of reports: a matrix of experiments × images, then each experiment's verdicts over time. No network; the
 * script only filters.
 * @param runs oldest first
 * @param nights folders of nights that have a page of their own, latest first
 */
function runIndexHtml(runs: readonly ListedRun[], nights: readonly string[]): Html {
  const total = counted(runs.length, "run");
  const experiments = experimentRuns(runs);
  const files = new Set(experiments.map(({ file }) => file));
  const latestFirst = [...experiments].sort((a, b) => (a.latest.startedAt < b.latest.startedAt ? 1 : -1));
  return htmlPage({
    title: `kvchaos: ${total}`,
    header: html`<h1>${total} of ${counted(files.size, "experiment")}</h1>
<p class="quiet">Last verdict, and how many failed of those that have one: ${LEGEND}.</p>`,
    main: html.lines([matrixHtml(experiments), ...latestFirst.map(experimentHtml), ...nightsHtml(nights)]),
    footer: html`Made by kvchaos of the run folders beside this page. Made again after every run, and by <code>kvchaos report</code> with this folder.`,
    script: FILTER,
  });
}

const COLUMNS = [
  "Image",
  "Latest",
  { name: "Runs over time, the latest on the right", cell: "trend" },
  "Failed (k of n, 95 % interval)",
  numbers("Median duration"),
];

function experimentHtml({ id, title, file, images }: ExperimentRuns): Html {
  return html`<section id="${id}"><h2>${title}</h2>
<p class="quiet"><code>${file}</code></p>
${scrolling(title, table(COLUMNS, images.map(cells), "history", true))}</section>`;
}

/** All runs of one experiment on one image. */
function cells({ system, image, runs, latest, failed }: ImageRuns): HtmlContent[] {
  const drawn = runs.slice(-MOST_DRAWN);
  const cut =
    runs.length > drawn.length && html` <span class="quiet">(truncated: ${drawn.length} of ${runs.length})</span>`;
  const version = latest.serverVersion === null ? "" : ` ${latest.serverVersion}`;
  const last = linked(latest, html`<span class="tag v-${latest.verdict}">${latest.verdict}</span>`);
  const told = [day(latest.startedAt), kindsOf(latest, 4)].filter((part) => part !== "").join(", ");
  return [
    html`${image}<br><span class="quiet">${system}${version}</span>`,
    html`${last}<br><span class="quiet">${told}</span>`,
    [drawn.map((run) => linked(run, letterOf(run), wordsOf(run))), cut],
    failed.n === 0 ? "no verdict yet" : proportionText(failed),
    formatTime(median(runs.map(({ durationMs }) => durationMs)) ?? 0),
  ];
}

function nightsHtml(nights: readonly string[]): Html[] {
  if (nights.length === 0) return [];
  const shown = nights.slice(0, MOST_NIGHTS);
  const cut = nights.length > shown.length && html`<p>truncated: ${shown.length} of ${nights.length}</p>`;
  const links = bullets(shown.map((name) => html`<a href="./${encodeURIComponent(name)}/index.html">${name}</a>`));
  return [html`<section><h2>Nights</h2>${links}${cut}</section>`];
}
