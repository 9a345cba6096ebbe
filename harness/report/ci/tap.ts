import { stringify } from "yaml";
import { plainLine } from "../../base/escape.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import { kindOf } from "../../journal/finding.ts";
import type { RunRecord } from "../../journal/record.ts";
import { countText, knownText, predictedText, sentenceOf, warningsOf } from "../foreseen/foreseen-text.ts";
import { replayCommand } from "../replay-command.ts";
import type { Reporter } from "../reporter.ts";
import { type RunSummary, summarize } from "../run-summary.ts";
import { confidence, verdictSentence } from "../verdict-text.ts";

/** The checks of a run as TAP 14 on `stream`: one test point each; what is not known is skipped with its reason. */
export function tapReporter(stream: { write(text: string): unknown }): Reporter {
  return {
    name: "tap",
    async onEnd(record) {
      stream.write(tapOf(record));
    },
  };
}

function tapOf(record: RunRecord): string {
  const summary = summarize(record);
  const { run, verdict, reasons, checks } = summary;
  const points = checks.map((check, i) => pointOf(check, i + 1));
  if (verdict === "inconclusive" || verdict === "interrupted") {
    const why = `${verdict}: ${reasons.join("; ")}`;
    points.push(`ok ${points.length + 1} - verdict # SKIP ${description(why)}`);
  }
  return [
    "TAP version 14",
    `# ${description(`${run.title} on ${summary.images}, seed ${run.seed}`)}`,
    `# ${description(replayCommand(summary))}`,
    ...(verdict === "error" ? [] : [`1..${points.length}`]),
    ...points,
    ...foreseenComments(summary),
    ...(verdict === "error" ? [`Bail out! ${description(verdictSentence(summary))}`] : []),
    "",
  ].join("\n");
}

function foreseenComments(summary: RunSummary): string[] {
  const warnings = warningsOf(summary);
  const lines = warnings.map((one) => `  ${one.prediction.signature}: ${sentenceOf(one)}`);
  if (warnings.length > 0) lines.unshift(`${countText(warnings.length)} (warnings)`);
  return [...lines, ...[knownText(summary)].filter((text) => text !== null)].map((text) => `# ${description(text)}`);
}

function pointOf({ name, valid, why, findings }: EventOf<"check">, number: number): string {
  if (valid === true) return `ok ${number} - ${description(name)}`;
  if (valid === "unknown") return `ok ${number} - ${description(name)} # SKIP ${description(why ?? "unknown")}`;
  const detail = {
    message: plainLine(why ?? findings[0]?.summary ?? "violated"),
    findings: findings.map((finding) => ({
      type: kindOf(finding),
      node: finding.node,
      from: finding.from,
      to: finding.to,
      confidence: confidence(finding),
      summary: plainLine(finding.summary),
      proof: finding.proof === null ? null : plainLine(finding.proof),
      ...predictedIn(finding),
      evidence: finding.evidence.map(plainLine),
    })),
  };
  const yaml = stringify(detail, { lineWidth: 0 }).trimEnd().split("\n");
  return [`not ok ${number} - ${description(name)}`, "  ---", ...yaml.map((line) => `  ${line}`), "  ..."].join("\n");
}

function predictedIn(finding: Finding): { predicted?: string } {
  const text = predictedText(finding);
  return text === null ? {} : { predicted: plainLine(text) };
}

/** One line in which no directive can begin. */
function description(text: string): string {
  return plainLine(text).replace(/[\\#]/g, (one) => `\\${one}`);
}
