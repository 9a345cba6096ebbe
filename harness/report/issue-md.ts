import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Finding } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import { fenced, inlineMarkdown } from "./escape.ts";
import type { Reporter } from "./reporter.ts";
import { type RunSummary, summarize } from "./run-summary.ts";
import { confidence, replayCommand, seconds, spanText, verdictSentence } from "./wording.ts";

const MOST_LOG_LINES = 20;
const MOST_DIFFERENCES = 10;
/** GitHub refuses comments above 64 KiB. */
const MOST_CHARS = 60_000;

/** issue.md: the run as a bug ticket, under the headings of Kvrocks' own form. */
export const issueReporter: Reporter = {
  name: "issue",
  async onEnd(record, directory) {
    await writeFile(join(directory, "issue.md"), issueOf(record));
  },
};

function issueOf(record: RunRecord): string {
  const summary = summarize(record);
  const { run, findings } = summary;
  const text = [
    "### Search before asking",
    "- [ ] I had searched in the issues and found no similar issues.",
    "### Version",
    versionText(summary),
    "### Minimal reproduce step",
    `kvchaos ${inlineMarkdown(run.kvchaos)} ran the experiment “${inlineMarkdown(run.title)}” (seed ${inlineMarkdown(run.seed)}):`,
    fenced(replayCommand(summary), "sh"),
    "What was done to the servers, in seconds since the run began:",
    fenced(faultText(summary)),
    "### What did you expect to see?",
    expected(summary),
    "### What did you see instead?",
    inlineMarkdown(verdictSentence(summary)),
    ...findings.flatMap((finding) => findingText(record, finding, summary.end)),
    "### Anything Else?",
    environmentText(summary),
  ].join("\n\n");
  return text.length <= MOST_CHARS
    ? `${text}\n`
    : `${text.slice(0, MOST_CHARS)}\n\`\`\`\`\`\`\n\n(truncated: ${MOST_CHARS} of ${text.length} characters)\n`;
}

function versionText({ run, serverVersion }: RunSummary): string {
  return [
    `- server: ${inlineMarkdown(run.system)} ${inlineMarkdown(serverVersion ?? "of unknown version")}`,
    `- image: ${inlineMarkdown(run.image)}`,
    `- digest: ${inlineMarkdown(run.digest ?? "unknown")}`,
  ].join("\n");
}

function faultText({ faults }: RunSummary): string {
  const fired = faults.filter((fault) => fault.from !== null);
  const shown = fired.slice(0, 60).map((fault) => {
    const until = fault.to === null ? "not healed" : seconds(fault.to);
    return `${seconds(fault.from ?? 0).padStart(8)} – ${until.padEnd(8)}  ${fault.id}  ${fault.fault} ${fault.targets.join(", ")}`;
  });
  if (fired.length > shown.length) shown.push(`… and ${fired.length - shown.length} more`);
  return shown.join("\n") || "nothing";
}

function expected({ findings, checks }: RunSummary): string {
  if (findings.length === 0)
    return checks.map((check) => `- ${inlineMarkdown(check.name)}`).join("\n") || "A run without findings.";
  return "After every fault is undone, all servers answer again and all replicas hold their master's data.";
}

function findingText(record: RunRecord, finding: Finding, end: number): string[] {
  const { type, class: kind, node, from, to, summary, proof } = finding;
  const lines = record
    .of("log")
    .filter((event) => event.node === node && event.t >= from - 30_000 && event.t <= from + 30_000)
    .slice(0, MOST_LOG_LINES)
    .map((event) => `${seconds(event.t).padStart(8)}  ${event.line}`);
  const differences = differencesOf(finding).slice(0, MOST_DIFFERENCES);
  return [
    `**${inlineMarkdown(`${type} (${kind}) on ${node ?? "the cluster"}`)}**, ${spanText(from, to, end)}, ${confidence(proof)}: ${inlineMarkdown(summary)}`,
    ...(proof === null ? [] : ["Proof:", fenced(proof)]),
    ...(differences.length === 0
      ? []
      : ["First differing keys (key: master | replica):", fenced(differences.join("\n"))]),
    ...(lines.length === 0
      ? []
      : [`Log lines of ${inlineMarkdown(node ?? "")} around that moment:`, fenced(lines.join("\n"))]),
  ];
}

/** The differing keys that a divergence finding carries, one line each. */
function differencesOf(finding: Finding): string[] {
  const list = finding.detail?.differences;
  if (!Array.isArray(list)) return [];
  return (list as { key: string; kind: string; master: string | null; replica: string | null }[]).map(
    ({ key, kind, master, replica }) => `${key}: ${master ?? "no such key"} | ${replica ?? "no such key"} (${kind})`,
  );
}

function environmentText({ run, self }: RunSummary): string {
  const health = `The harness itself was starved for ${self.starvedSeconds} of ${self.seconds} s.`;
  return [health, "Host:", fenced(JSON.stringify(run.host, null, 2), "json")].join("\n\n");
}
