import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { escapeHtml } from "../../base/escape.ts";
import type { RunRecord } from "../../journal/record.ts";
import { repeatsOf } from "../repeats.ts";
import type { Reporter } from "../reporter.ts";
import { RunFiles } from "../run-files.ts";
import { listRuns } from "../run-list.ts";
import { summarize } from "../run-summary.ts";
import { NARROW, WIDE } from "../timeline/time-scale.ts";
import { TIMELINE_PATTERNS, timelineSvg } from "../timeline/timeline-svg.ts";
import { withoutRoot } from "../wording.ts";
import { clientsHtml } from "./clients-html.ts";
import { commandsHtml } from "./commands-html.ts";
import { findingsHtml } from "./findings-html.ts";
import { headHtml } from "./head-html.ts";
import { healHtml } from "./heal-html.ts";
import { againHtml, identityHtml } from "./identity-html.ts";
import { htmlPage } from "./page.ts";
import { fitted } from "./page-budget.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { repeatsHtml } from "./repeats-html.ts";
import { checksHtml, loadHtml, notCheckedHtml, planHtml, selfHtml } from "./sections-html.ts";

/*
 *   verdict → what and where → see it yourself → how often → time line → findings → checks → load → commands → plan
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

async function pageOf(
  record: RunRecord,
  directory: string,
  { evidence, note, parts }: { evidence: number; note: string; parts: number },
): Promise<string> {
  const summary = summarize(record);
  const { run, verdict, findings } = summary;
  const repeats = repeatsOf(summary, withoutRoot(run, run.experimentFile), await listRuns(dirname(directory)));
  const commands = commandsHtml(record, summary);
  const files = new RunFiles(directory, evidence);
  const timeline = () =>
    `${TIMELINE_PATTERNS}${[WIDE, NARROW].map((frame) => `<div class="${frame.name}">${timelineSvg(record, summary, frame)}</div>`).join("\n")}`;
  const sections: [title: string, body: () => string | Promise<string>][] = [
    ["See it yourself", () => againHtml(record, summary)],
    ...(repeats ? [["How often", () => repeatsHtml(repeats)] as [string, () => string]] : []),
    ["Time line", timeline],
    ...(findings.length === 0
      ? []
      : [
          [`Findings (${findings.length})`, () => findingsHtml(record, summary, files)] as [
            string,
            () => Promise<string>,
          ],
        ]),
    ["Checks", () => checksHtml(summary)],
    ["What clients saw", () => clientsHtml(record)],
    ["Load", () => loadHtml(summary)],
    ["Heal", () => healHtml(record)],
    ...(commands === null ? [] : [["Commands of faults", () => commands] as [string, () => string]]),
    ["Plan", () => planHtml(summary)],
    ["The harness's own health", () => selfHtml(record, summary)],
    ["What was not checked", () => notCheckedHtml(summary)],
  ];
  const written: string[] = [];
  for (const [title, body] of sections.slice(0, parts))
    written.push(`<section><h2>${escapeHtml(title)}</h2>\n${await body()}</section>`);
  const left = sections.length - written.length;
  if (left > 0)
    written.push(
      `<p class="v-error">truncated: ${written.length} of ${sections.length} sections; result.json has all.</p>`,
    );
  return htmlPage({
    title: `${verdict}: ${run.title}`,
    header: headHtml(record, summary),
    main: [identityHtml(summary), ...written].join("\n"),
    footer: `Made by kvchaos ${escapeHtml(run.kvchaos)} from journal.jsonl, the record of this run${escapeHtml(note)}. Times are counted from the run's beginning.`,
    script: PAGE_SCRIPT,
  });
}
