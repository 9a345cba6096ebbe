import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kindOf } from "../../journal/finding.ts";
import type { RunRecord } from "../../journal/record.ts";
import { foreseenOnes, predictedText, sentenceOf } from "../foreseen/foreseen-text.ts";
import type { Xml } from "../html/markup.ts";
import { replayCommand } from "../replay-command.ts";
import type { Reporter } from "../reporter.ts";
import { type RunSummary, summarize } from "../run-summary.ts";
import { verdictSentence } from "../verdict-text.ts";
import { type JunitTrouble, junitClass, junitXml } from "./junit-xml.ts";

const MOST_PREDICTIONS = 50;

/**
 * junit.xml: one test case per experiment × image. A finding is a failure, broken infrastructure an error, and an
 * inconclusive or interrupted run is skipped with its reason.
 */
export const junitReporter: Reporter = {
  name: "junit",
  async onEnd(record, directory) {
    await writeFile(join(directory, "junit.xml"), junitOf(record).text);
  },
};

function junitOf(record: RunRecord): Xml {
  const summary = summarize(record);
  const { run, end } = summary;
  const classname = junitClass(run.system, run.image);
  return junitXml([
    {
      package: `kvchaos.${run.system}`,
      name: run.title,
      startedAt: run.startedAt,
      properties: [
        ["seed", run.seed],
        ["image", summary.images],
        ["digest", run.digest ?? "unknown"],
        ["kvchaos", run.kvchaos],
        ["replay", replayCommand(summary)],
        ...foreseenProperties(summary),
      ],
      cases: [{ classname, name: run.title, ms: end, trouble: troubleOf(summary) }],
    },
  ]);
}

/** Of predictions that are findings, too: whoever watches a number over time wants all of them. */
function foreseenProperties(summary: RunSummary): [string, string][] {
  if (summary.foreseen === null) return [];
  const { news, known } = foreseenOnes(summary);
  return [
    ["predictions", String(news.length)],
    ["predictions-known", String(known.length)],
    ...news
      .slice(0, MOST_PREDICTIONS)
      .map((one): [string, string] => [`prediction-${one.prediction.signature}`, sentenceOf(one)]),
  ];
}

function troubleOf(summary: RunSummary): JunitTrouble | null {
  const { verdict, reasons, findings } = summary;
  const message = verdictSentence(summary);
  if (verdict === "pass") return null;
  if (verdict === "inconclusive" || verdict === "interrupted") {
    return { tag: "skipped", message: `${verdict}: ${reasons.join("; ") || message}`, type: verdict, lines: [] };
  }
  const [first] = findings;
  const told = findings.flatMap((finding) => [
    `${kindOf(finding)} on ${finding.node ?? "the cluster"}: ${finding.summary}`,
    ...(finding.proof === null ? [] : [`  proof: ${finding.proof}`]),
    ...[predictedText(finding)].flatMap((text) => (text === null ? [] : [`  ${text}`])),
    ...finding.evidence.map((file) => `  evidence: ${file}`),
  ]);
  return {
    tag: verdict === "fail" ? "failure" : "error",
    message,
    type: verdict === "error" ? "infrastructure" : first ? kindOf(first) : "check",
    lines: [...(told.length > 0 ? told : reasons), `replay: ${replayCommand(summary)}`],
  };
}
