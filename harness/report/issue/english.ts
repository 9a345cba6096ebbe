import { confidence, spanText, verdictSentence } from "../verdict-text.ts";
import type { IssueTexts } from "./issue-language.ts";

export const english: IssueTexts = {
  verdict: verdictSentence,
  finding: (finding, end, told) => {
    const { node, from, to, summary } = finding;
    const what = told ? "." : `: ${summary}`;
    return `${confidence(finding)} on ${node ?? "the cluster"} ${spanText(from, to, end)}${what}`;
  },
  ran: (kvchaos, title, seed) => `kvchaos ${kvchaos} ran the experiment “${title}” (seed ${seed}).`,
  done: "What was done to the servers, in seconds since the run began:",
  script: "A script that does the same with docker, redis-cli and curl alone (save it as repro.sh, run it with bash):",
  noScript: (why) => `There is no stand-alone script: ${why}.`,
  scriptBeside: "The stand-alone script repro.sh is too long for this ticket: it is attached.",
  replay: "Or with kvchaos, in the root of its repository:",
  expected: "After every fault is undone, all servers answer again and all replicas hold their master's data.",
  expectedNothing: "A run without findings. It was checked for:",
  proof: "Proof:",
  life: "Life of the key:",
  cells: (shown, count) => `Where it was seen (${shown} of ${count}):`,
  differences: "First differing keys (key: master | replica):",
  log: (node) => `Log lines of ${node} around that moment:`,
  losses: (_total, text) => text,
  health: (starved, seconds) => `The harness itself was starved for ${starved} of ${seconds} s.`,
  host: "Host:",
  version: { server: "server", unknown: "of unknown version", image: "image", digest: "digest", host: "host" },
  regression: "Not known: only this version was run.",
  noScreenshots: "report.html of the run has the time line; it can be attached here.",
  truncated: (kept, of) => `(truncated: ${kept} of ${of} characters)`,
};
