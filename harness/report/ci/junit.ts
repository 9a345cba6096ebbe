import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { escapeXml } from "../../base/escape.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { Reporter } from "../reporter.ts";
import { type RunSummary, summarize } from "../run-summary.ts";
import { replayCommand, verdictSentence } from "../wording.ts";
import { xmlAttributes } from "./xml-attributes.ts";

// Ant's schema wants id, package and both streams of each suite, and knows no attributes of <testsuites>; Jenkins' allows that.

/**
 * junit.xml: one test case per experiment × image. A finding is a failure, broken infrastructure an error, and an
 * inconclusive or interrupted run is skipped with its reason.
 */
export const junitReporter: Reporter = {
  name: "junit",
  async onEnd(record, directory) {
    await writeFile(join(directory, "junit.xml"), junitOf(record));
  },
};

function junitOf(record: RunRecord): string {
  const summary = summarize(record);
  const { run, verdict, end } = summary;
  const count = (...verdicts: string[]) => (verdicts.includes(verdict) ? 1 : 0);
  const counts = xmlAttributes({
    tests: 1,
    failures: count("fail"),
    errors: count("error"),
    skipped: count("inconclusive", "interrupted"),
    time: (end / 1000).toFixed(3),
  });
  const suite = xmlAttributes({
    id: 0,
    package: `kvchaos.${run.system}`,
    name: run.title,
    timestamp: run.startedAt.replace(/\.\d+Z$|Z$/, ""),
    hostname: "localhost",
  });
  const testcase = xmlAttributes({
    classname: `kvchaos.${run.system}.${run.image.replaceAll(".", "_")}`,
    name: run.title,
    time: (end / 1000).toFixed(3),
  });
  const properties = {
    seed: run.seed,
    image: run.image,
    digest: run.digest ?? "unknown",
    kvchaos: run.kvchaos,
    replay: replayCommand(summary),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `  <testsuite${suite}${counts}>`,
    "    <properties>",
    ...Object.entries(properties).map(([name, value]) => `      <property${xmlAttributes({ name, value })}/>`),
    "    </properties>",
    `    <testcase${testcase}>`,
    ...outcome(summary),
    "    </testcase>",
    "    <system-out/>",
    "    <system-err/>",
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function outcome(summary: RunSummary): string[] {
  const { verdict, reasons, findings } = summary;
  const message = verdictSentence(summary);
  if (verdict === "pass") return [];
  if (verdict === "inconclusive" || verdict === "interrupted") {
    return [`      <skipped${xmlAttributes({ message: `${verdict}: ${reasons.join("; ") || message}` })}/>`];
  }
  const tag = verdict === "fail" ? "failure" : "error";
  const [first] = findings;
  const type = verdict === "error" ? "infrastructure" : first ? `${first.type}/${first.class}` : "check";
  const lines = findings.flatMap((finding) => [
    `${finding.type}/${finding.class} on ${finding.node ?? "the cluster"}: ${finding.summary}`,
    ...(finding.proof === null ? [] : [`  proof: ${finding.proof}`]),
    ...finding.evidence.map((file) => `  evidence: ${file}`),
  ]);
  const body = [...(lines.length > 0 ? lines : reasons), `replay: ${replayCommand(summary)}`].map(escapeXml).join("\n");
  return [`      <${tag}${xmlAttributes({ message, type })}>${body}</${tag}>`];
}
