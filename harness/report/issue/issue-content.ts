import { fenced, inlineMarkdown } from "../../base/escape.ts";
import { shortenCounted } from "../../base/shorten.ts";
import { formatTime } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { faultWords } from "../fault-words.ts";
import { foreseenOnes, placeLines, sentenceOf } from "../foreseen/foreseen-text.ts";
import { keyText, wrongCellsOf } from "../key-life/key-life.ts";
import { keyLifeLines } from "../key-life/key-life-text.ts";
import { lossesText, totalLosses } from "../losses-text.ts";
import { replayCommand } from "../replay-command.ts";
import { scriptOf } from "../repro-script.ts";
import { machineText, type RunSummary, summarize } from "../run-summary.ts";
import type { IssueTexts } from "./english.ts";

const MOST_LOG_LINES = 20;
const MOST_DIFFERENCES = 10;
const NO_KEY = "no such key";
const MOST_FAULTS = 60;
const MOST_FINDINGS = 20;
const MOST_PREDICTIONS = 5;
/** A value can have a megabyte; what proves something says it in its first words. */
const MOST_CHARS = 3000;
const MOST_LINE_CHARS = 600;

/** The pieces of a ticket as Markdown; the target project's form decides where each goes. */
export type IssueContent = ReturnType<typeof issueContent>;

/** @param withScript whether the script has room in the ticket; it always lies beside it */
export function issueContent(record: RunRecord, texts: IssueTexts, withScript: boolean) {
  const summary = summarize(record);
  const { run, findings } = summary;
  const crash = findings.find(({ type }) => type === "crash");
  const shown = findings.slice(0, MOST_FINDINGS);
  const lost = totalLosses(summary.losses);
  return {
    texts,
    summary,
    version: versionText(summary, texts),
    /** The whole run in a sentence. */
    verdict: inlineMarkdown(shortenCounted(texts.verdict(summary), MOST_CHARS)),
    /** What was done, by whom, and the commands that do it again. */
    reproduction: blocks([
      texts.ran(inlineMarkdown(run.kvchaos), inlineMarkdown(run.title), inlineMarkdown(run.seed)),
      texts.done,
      fenced(faultText(summary)),
      ...scriptText(record, summary, texts, withScript),
      texts.replay,
      fenced(replayCommand(summary), "sh"),
    ]),
    expected: expectedText(summary, texts),
    findings: blocks([
      ...shown.flatMap((finding, i) => findingText(record, finding, summary.watchEnd, texts, i === 0)),
      ...(findings.length > shown.length ? [`(truncated: ${shown.length} of ${findings.length} findings)`] : []),
      ...(lost === null ? [] : [texts.losses(lost, lossesText(summary.losses) ?? "")]),
      ...foreseenTexts(summary, texts),
    ]),
    /** Log lines of a crashed server; null when none crashed or left any. */
    crashLog: crash ? logText(record, crash) : null,
    environment: environmentText(summary, texts),
  };
}

/** One below the other, those that say something. */
export function blocks(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}

/** A fence whose every line is cut to what a reader needs of it. */
function lines(some: readonly string[]): string {
  return fenced(some.map((one) => shortenCounted(one, MOST_LINE_CHARS)).join("\n"));
}

function versionText({ run, serverVersion, images }: RunSummary, { version }: IssueTexts): string {
  return [
    `- ${version.server}: ${inlineMarkdown(run.system)} ${inlineMarkdown(serverVersion ?? version.unknown)}`,
    `- ${version.image}: ${inlineMarkdown(images)}`,
    `- ${version.digest}: ${inlineMarkdown(run.digest ?? "-")}`,
    `- ${version.host}: ${inlineMarkdown(machineText(run, "Linux") || "-")}`,
  ].join("\n");
}

function faultText({ faults }: RunSummary): string {
  const fired = faults.filter((fault) => fault.from !== null);
  const shown = fired.slice(0, MOST_FAULTS).map((fault) => {
    const until = fault.to === null ? "not healed" : formatTime(fault.to);
    return `${formatTime(fault.from ?? 0).padStart(8)} – ${until.padEnd(8)}  ${fault.id}  ${faultWords(fault)}`;
  });
  if (fired.length > shown.length) shown.push(`… and ${fired.length - shown.length} more`);
  return shown.join("\n") || "nothing";
}

function scriptText(record: RunRecord, summary: RunSummary, texts: IssueTexts, withScript: boolean): string[] {
  const script = scriptOf(record, summary);
  if ("why" in script) return [inlineMarkdown(texts.noScript(script.why))];
  if (!withScript) return [texts.scriptBeside];
  // Folded: a reader wants to see first what went wrong. GitHub needs the empty lines.
  return [texts.script, "<details><summary>repro.sh</summary>", fenced(script.text, "bash"), "</details>"];
}

function expectedText({ findings, checks }: RunSummary, texts: IssueTexts): string {
  if (findings.length > 0) return texts.expected;
  return blocks([texts.expectedNothing, checks.map((check) => `- ${inlineMarkdown(check.name)}`).join("\n")]);
}

/** @param told its summary has been said before: the whole run's sentence is that of its first finding */
function findingText(record: RunRecord, finding: Finding, end: number, texts: IssueTexts, told: boolean): string[] {
  const predicted = finding.detail?.predicted;
  const life = keyLifeLines(finding);
  const differences = (finding.detail?.differences ?? [])
    .slice(0, MOST_DIFFERENCES)
    .map(({ key, kind, master, replica }) => `${key}: ${master ?? NO_KEY} | ${replica ?? NO_KEY} (${kind})`);
  const { cells, count } = wrongCellsOf(finding);
  const places = cells.slice(0, MOST_DIFFERENCES);
  const log = finding.type === "crash" ? null : logText(record, finding);
  return [
    `**${inlineMarkdown(`${finding.type} (${finding.class})`)}**: ${inlineMarkdown(shortenCounted(texts.finding(finding, end, told), MOST_CHARS))}`,
    ...(predicted ? [inlineMarkdown(shortenCounted(texts.predicted(predicted), MOST_CHARS))] : []),
    ...(finding.proof === null ? [] : [texts.proof, fenced(shortenCounted(finding.proof, MOST_CHARS))]),
    ...(life.length === 0 ? [] : [texts.life, lines(life)]),
    ...(places.length < 2
      ? []
      : [
          texts.cells(places.length, count),
          lines(places.map((cell) => `${keyText(cell)}: ${cell.found} | ${cell.expected}`)),
        ]),
    ...(differences.length === 0 ? [] : [texts.differences, lines(differences)]),
    ...(log === null ? [] : [texts.log(inlineMarkdown(finding.node ?? "")), log]),
  ];
}

/** What did not happen: the sentence, and where each side takes what, so that a maintainer finds the places. */
function foreseenTexts(summary: RunSummary, texts: IssueTexts): string[] {
  const { news } = foreseenOnes(summary);
  const shown = news.slice(0, MOST_PREDICTIONS);
  return [
    ...(shown.length === 0 ? [] : [`**${texts.foreseen(news.length)}**`]),
    ...shown.flatMap((one) => [inlineMarkdown(sentenceOf(one)), lines(placeLines(one))]),
    ...(news.length > shown.length ? [`(truncated: ${shown.length} of ${news.length} predictions)`] : []),
  ];
}

/** The lines that the rules of its system know, around the moment; null when there are none. */
function logText(record: RunRecord, { node, from, detail }: Finding): string | null {
  const known = record
    .ofNode("log", node)
    .filter((event) => Math.abs(event.t - from) <= 30_000)
    .map((event) => `${formatTime(event.t).padStart(8)}  ${event.line}`);
  const shown = detail?.lines?.length ? detail.lines : known;
  return shown.length === 0 ? null : lines(shown.slice(0, MOST_LOG_LINES));
}

function environmentText({ run, self }: RunSummary, texts: IssueTexts): string {
  return blocks([
    texts.health(self.starvedSeconds, self.seconds),
    texts.host,
    fenced(JSON.stringify(run.host, null, 2), "json"),
  ]);
}
