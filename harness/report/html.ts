import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunRecord } from "../journal/record.ts";
import { foundSentence } from "./capture-html.ts";
import { escapeHtml } from "./escape.ts";
import { findingsHtml } from "./findings-html.ts";
import { PAGE_STYLE } from "./page-style.ts";
import type { Reporter } from "./reporter.ts";
import { RunFiles } from "./run-files.ts";
import { type RunSummary, summarize } from "./run-summary.ts";
import {
  checksHtml,
  environmentHtml,
  identityHtml,
  loadHtml,
  notCheckedHtml,
  planHtml,
  selfHtml,
} from "./sections-html.ts";
import { timelineSvg } from "./timeline-svg.ts";
import { confidence, verdictSentence } from "./wording.ts";

/*
 *   verdict → what and where → see it yourself → time line → findings → checks → load → plan → environment
 *           → the harness itself → what was not checked
 *
 * One file, no network, no script: everything is there before any JavaScript could run.
 */

/** report.html: the run for a maintainer who has never heard of kvchaos. */
export const htmlReporter: Reporter = {
  name: "html",
  async onEnd(record, directory) {
    await writeFile(join(directory, "report.html"), await pageOf(record, directory));
  },
};

/** Bytes of server text in all findings together. Escaping may make more of them; the page stays below 2 MB. */
const MOST_EVIDENCE = 700_000;

async function pageOf(record: RunRecord, directory: string): Promise<string> {
  const summary = summarize(record);
  const { run, verdict, findings, reasons } = summary;
  const sections: [string, string][] = [
    [
      "Time line",
      `<div class="scroll" tabindex="0" role="region" aria-label="Time line">${timelineSvg(record, summary)}</div>`,
    ],
    ...(findings.length > 0
      ? [
          [
            `Findings (${findings.length})`,
            await findingsHtml(record, summary, new RunFiles(directory, MOST_EVIDENCE)),
          ] as [string, string],
        ]
      : []),
    ["Checks", checksHtml(summary)],
    ["Load", loadHtml(summary)],
    ["Plan", planHtml(summary)],
    ["Environment", environmentHtml(summary)],
    ["The harness's own health", selfHtml(record, summary)],
    ["What was not checked", notCheckedHtml(summary)],
  ];
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${styleHash()}'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${escapeHtml(`${verdict}: ${run.title}`)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<p class="quiet">${escapeHtml(run.title)}</p>
<p><span class="verdict v-${verdict}">${verdict.toUpperCase()}</span>${kindOfFailure(summary)}</p>
<h1>${escapeHtml(verdictSentence(summary))}</h1>
${headProof(record, summary)}
${otherReasons(summary, reasons)}
</header>
<main>
${identityHtml(summary)}
${sections.map(([title, body]) => `<section><h2>${escapeHtml(title)}</h2>\n${body}</section>`).join("\n")}
</main>
<footer class="quiet">Made by kvchaos ${escapeHtml(run.kvchaos)} from journal.jsonl, the record of this run. Times are counted from the run's beginning.</footer>
</body>
</html>
`;
}

/** What broke in two words, and how sure that is. */
function kindOfFailure({ verdict, findings: [first] }: RunSummary): string {
  if (verdict !== "fail" || !first) return "";
  const where = first.node === null ? "" : ` of ${first.node}`;
  return ` <strong>${escapeHtml(`${first.type} (${first.class})${where}`)}</strong> <span class="tag t-bad">${confidence(first)}</span>`;
}

function headProof(record: RunRecord, { verdict, findings: [first] }: RunSummary): string {
  const found = verdict === "fail" && first ? foundSentence(record, first) : null;
  if (found === null) return "";
  const short = found.length > 600 ? `${found.slice(0, 600)}…` : found;
  return `<p>${escapeHtml(short)} <a href="#finding-1">Evidence</a></p>`;
}

function otherReasons({ verdict }: RunSummary, reasons: readonly string[]): string {
  if (verdict === "fail" || reasons.length < 2) return "";
  return `<ul>${reasons
    .slice(1, 50)
    .map((reason) => `<li>${escapeHtml(reason)}</li>`)
    .join("")}</ul>`;
}

function styleHash(): string {
  return `sha256-${createHash("sha256").update(PAGE_STYLE).digest("base64")}`;
}
