import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RunRecord } from "../../journal/record.ts";
import { findingsHtml } from "../finding/findings-html.ts";
import { RunFiles } from "../finding/run-files.ts";
import { foreseenHtml } from "../foreseen/foreseen-html.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { htmlPage, PAGE_SCRIPT } from "../html/page.ts";
import { withoutRoot } from "../replay-command.ts";
import type { Reporter } from "../reporter.ts";
import { type RunSummary, summarize } from "../run-summary.ts";
import { repeatsHtml, repeatsOf } from "../runs/repeats.ts";
import { listRuns } from "../runs/run-list.ts";
import { NARROW, WIDE } from "../timeline/time-scale.ts";
import { TIMELINE_PATTERNS, timelineSvg } from "../timeline/timeline-svg.ts";
import { checksHtml, notCheckedHtml } from "./checks-html.ts";
import { commandsHtml } from "./commands-html.ts";
import { selfHtml } from "./harness-html.ts";
import { headHtml } from "./head-html.ts";
import { healHtml } from "./heal-html.ts";
import { againHtml, identityHtml, planHtml } from "./identity-html.ts";
import { clientsHtml, loadHtml } from "./load-html.ts";
import { fitted, type Room } from "./page-budget.ts";

/*
 *   verdict → what and where → see it yourself → how often → time line → findings → foreseen → checks → load → commands → plan
 *           → the harness itself → what was not checked
 *
 * One file, no network: everything is there before any script could run; the one there is only adds zoom, filters and values.
 */

/** report.html: the run for a maintainer who has never heard of kvchaos. */
export const htmlReporter: Reporter = {
  name: "html",
  async onEnd(record, directory) {
    const page = await fitted(directory, (room) => pageOf(record, directory, room));
    await writeFile(join(directory, "report.html"), page);
  },
};

async function pageOf(record: RunRecord, directory: string, { evidence, note, parts }: Room): Promise<string> {
  const summary = summarize(record);
  const { run, verdict, findings, foreseen } = summary;
  const repeats = repeatsOf(summary, withoutRoot(run, run.experimentFile), await listRuns(dirname(directory)));
  const commands = commandsHtml(record, summary);
  const files = new RunFiles(directory, evidence);
  const all: [title: string, body: (() => HtmlContent | Promise<Html>) | null][] = [
    ["See it yourself", () => againHtml(record, summary)],
    ["How often", repeats && (() => repeatsHtml(repeats))],
    ["Time line", () => timelineHtml(record, summary)],
    [`Findings (${findings.length})`, findings.length > 0 ? () => findingsHtml(record, summary, files) : null],
    [`Foreseen (${foreseen?.deadlocks.length ?? 0})`, foreseen && (() => foreseenHtml(foreseen, summary))],
    ["Checks", () => checksHtml(summary)],
    ["What clients saw", () => clientsHtml(record)],
    ["Load", () => loadHtml(record, summary)],
    ["Heal", () => healHtml(record)],
    ["Commands of faults", commands && (() => commands)],
    ["Plan", () => planHtml(summary)],
    ["The harness's own health", () => selfHtml(record, summary)],
    ["What was not checked", () => notCheckedHtml(summary)],
  ];
  const sections = all.flatMap(([title, body]) => (body ? [{ title, body }] : []));
  const written: Html[] = [];
  for (const { title, body } of sections.slice(0, parts))
    written.push(html`<section><h2>${title}</h2>\n${await body()}</section>`);
  if (written.length < sections.length)
    written.push(
      html`<p class="v-error">truncated: ${written.length} of ${sections.length} sections; result.json has all.</p>`,
    );
  return htmlPage({
    title: `${verdict}: ${run.title}`,
    header: headHtml(record, summary),
    main: html.lines([identityHtml(summary), ...written]),
    footer: html`Made by kvchaos ${run.kvchaos} from journal.jsonl, the record of this run${note}. Times are counted from the run's beginning.`,
    script: PAGE_SCRIPT,
  }).text;
}

function timelineHtml(record: RunRecord, summary: RunSummary): Html {
  const frames = [WIDE, NARROW].map(
    (frame) => html`<div class="${frame.name}">${timelineSvg(record, summary, frame)}</div>`,
  );
  return html`${TIMELINE_PATTERNS}${html.lines(frames)}`;
}
