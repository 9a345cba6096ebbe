import { join } from "node:path";
import { fenced, inlineMarkdown, plainLine } from "../../base/escape.ts";
import { formatTime } from "../../base/units.ts";
import { countText, knownText, predictedText, sentenceOf, warningsOf } from "../foreseen/foreseen-text.ts";
import { replayCommand } from "../replay-command.ts";
import type { Reporter } from "../reporter.ts";
import { type RunSummary, summarize } from "../run-summary.ts";
import { confidence, spanText, verdictSentence } from "../verdict-text.ts";
import { appendSummary } from "./step-summary.ts";

/** One run of many must leave room for the others. */
const MOST_CHARS = 120_000;
/** GitHub shows ten annotations of a kind per step and drops the rest without a word. */
const MOST_ANNOTATIONS = 9;
const MOST_FINDINGS = 20;

/**
 * In a GitHub workflow: appends the run to the step summary ($GITHUB_STEP_SUMMARY) and writes an annotation per finding.
 * Elsewhere the summary goes to summary.md in the run's folder. One instance per process: it counts annotations.
 */
export function githubReporter(environment: NodeJS.ProcessEnv, stream: { write(text: string): unknown }): Reporter {
  let annotations = 0;
  return {
    name: "github",
    async onEnd(record, directory) {
      const given = environment.GITHUB_STEP_SUMMARY;
      const summary = summarize(record);
      const missing = `\n(truncated: ${inlineMarkdown(summary.run.runId)} does not fit)\n`;
      await appendSummary(given || join(directory, "summary.md"), summaryOf(summary), missing);
      if (!given) return;
      for (const line of annotationsOf(summary)) {
        if (annotations >= MOST_ANNOTATIONS) break;
        annotations++;
        stream.write(`${line}\n`);
      }
    },
  };
}

function summaryOf(summary: RunSummary): string {
  const { run, verdict, findings, checks, serverVersion, images, end, watchEnd, reasons } = summary;
  const sign = { pass: "✅", fail: "❌", inconclusive: "⚠️", error: "🛑", interrupted: "⏹️" }[verdict];
  const facts = [
    ["Server", `${run.system} ${serverVersion ?? "of unknown version"}`],
    ["Image", images],
    ["Digest", run.digest ?? "unknown"],
    ["Seed", run.seed],
    ["Duration", formatTime(end)],
  ];
  const shown = findings.slice(0, MOST_FINDINGS);
  const blocks = [
    `## ${sign} ${verdict}: ${inlineMarkdown(run.title)}`,
    inlineMarkdown(verdictSentence(summary)),
    ["| | |", "|---|---|", ...facts.map(([name, value]) => `| ${name} | ${inlineMarkdown(value ?? "")} |`)].join("\n"),
    ...(verdict === "pass" || verdict === "fail"
      ? []
      : reasons.slice(0, 20).map((reason) => `- ${inlineMarkdown(reason)}`)),
    ...shown.flatMap((finding) => [
      `### ${inlineMarkdown(`${finding.type} (${finding.class}) on ${finding.node ?? "the cluster"}`)}: ${confidence(finding)}`,
      `${inlineMarkdown(finding.summary)} ${spanText(finding.from, finding.to, watchEnd)}.`,
      ...[predictedText(finding)].flatMap((text) => (text === null ? [] : [inlineMarkdown(text)])),
      ...(finding.proof === null ? [] : [fenced(finding.proof.slice(0, 4000))]),
    ]),
    ...(findings.length > shown.length ? [`(truncated: ${shown.length} of ${findings.length} findings)`] : []),
    ...foreseenBlocks(summary),
    [
      "| Check | Result |",
      "|---|---|",
      ...checks.map(({ name, valid, why }) => {
        const word = valid === true ? "ok" : valid === false ? "violated" : "unknown";
        return `| ${inlineMarkdown(name)} | ${word}${why === null ? "" : `: ${inlineMarkdown(why)}`} |`;
      }),
    ].join("\n"),
    "See it yourself, in the root of the kvchaos repository:",
    fenced(replayCommand(summary), "sh"),
  ];
  return `${wholeBlocks(blocks).join("\n\n")}\n\n`;
}

function foreseenBlocks(summary: RunSummary): string[] {
  const warnings = warningsOf(summary);
  const known = knownText(summary);
  const items = warnings
    .slice(0, MOST_FINDINGS)
    .map((one) => `- ${inlineMarkdown(`${one.prediction.signature}: ${sentenceOf(one)}`)}`);
  const left = warnings.length > items.length ? [`(truncated: ${items.length} of ${warnings.length} predictions)`] : [];
  return [
    ...(warnings.length > 0 ? [`### ${countText(warnings.length)}`, items.join("\n"), ...left] : []),
    ...(known === null ? [] : [`${known}.`]),
  ];
}

/** As many blocks as fit: a fence or an escape that is cut in two would swallow what comes after it. */
function wholeBlocks(blocks: readonly string[]): string[] {
  let room = MOST_CHARS;
  const kept = blocks.filter((block) => {
    const fits = block.length + 2 <= room;
    if (fits) room -= block.length + 2;
    return fits;
  });
  const left = blocks.length - kept.length;
  return left === 0 ? kept : [...kept, `(truncated: ${kept.length} of ${blocks.length} parts)`];
}

/** Workflow commands: errors for findings and broken runs, a warning for what is not known. */
function annotationsOf(summary: RunSummary): string[] {
  const foreseen = warningsOf(summary).map((one) =>
    command("warning", `a deadlock that did not happen: ${summary.run.title}`, sentenceOf(one)),
  );
  return [...verdictAnnotations(summary), ...foreseen];
}

function verdictAnnotations(summary: RunSummary): string[] {
  const { run, verdict, findings } = summary;
  if (verdict === "pass") return [];
  const kind = verdict === "fail" || verdict === "error" ? "error" : "warning";
  if (verdict !== "fail" || findings.length === 0)
    return [command(kind, `${run.title}: ${verdict}`, verdictSentence(summary))];
  return findings.map((finding) =>
    command(
      kind,
      `${finding.type} (${finding.class}) on ${finding.node ?? "the cluster"}: ${run.title}`,
      finding.proof === null ? finding.summary : `${finding.summary} ${finding.proof}`,
    ),
  );
}

function command(kind: string, title: string, message: string): string {
  const data = (text: string) => plainLine(text).slice(0, 2000).replaceAll("%", "%25");
  return `::${kind} title=${data(title).replaceAll(":", "%3A").replaceAll(",", "%2C")}::${data(message)}`;
}
