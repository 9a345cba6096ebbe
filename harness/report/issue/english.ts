import type { Finding } from "../../journal/events.ts";
import type { Predicted } from "../../journal/finding-detail.ts";
import type { Losses } from "../../journal/losses.ts";
import { countText } from "../foreseen/foreseen-text.ts";
import { confidence, spanText, verdictSentence } from "../verdict-text.ts";

/** Every sentence of a ticket that is ours, in one language. What servers and experiments say stays as it is. */
export type IssueTexts = typeof english;

export const english = {
  /** The whole run in a sentence. Plain text. */
  verdict: verdictSentence,
  /** Where, when and how sure; and what, unless `told` says that the text has just said it. */
  finding: (finding: Finding, end: number, told: boolean) => {
    const { node, from, to, summary } = finding;
    const what = told ? "." : `: ${summary}`;
    return `${confidence(finding)} on ${node ?? "the cluster"} ${spanText(from, to, end)}${what}`;
  },
  ran: (kvchaos: string, title: string, seed: string) =>
    `kvchaos ${kvchaos} ran the experiment “${title}” (seed ${seed}).`,
  done: "What was done to the servers, in seconds since the run began:",
  script: "A script that does the same with docker, redis-cli and curl alone (save it as repro.sh, run it with bash):",
  noScript: (why: string) => `There is no stand-alone script: ${why}.`,
  scriptBeside: "The stand-alone script repro.sh is too long for this ticket: it is attached.",
  replay: "Or with kvchaos, in the root of its repository:",
  expected: "After every fault is undone, all servers answer again and all replicas hold their master's data.",
  expectedNothing: "A run without findings. It was checked for:",
  proof: "Proof:",
  life: "Life of the key:",
  cells: (shown: number, count: number) => `Where it was seen (${shown} of ${count}):`,
  differences: "First differing keys (key: master | replica):",
  log: (node: string) => `Log lines of ${node} around that moment:`,
  /** What became of acknowledged writes. @param text the same in English */
  losses: (_total: Omit<Losses, "load">, text: string) => text,
  /** A deadlock that an earlier run has foreseen. */
  predicted: ({ run, signature, pause }: Predicted) =>
    `Predicted by run ${run} (${signature}); made real with ${pause}.`,
  /** Above the predictions. */
  foreseen: (count: number) => `${countText(count)}, and that what the threads were seen to do makes possible:`,
  health: (starved: number, seconds: number) => `The harness itself was starved for ${starved} of ${seconds} s.`,
  host: "Host:",
  version: { server: "server", unknown: "of unknown version", image: "image", digest: "digest", host: "host" },
  regression: "Not known: only this version was run.",
  noScreenshots: "report.html of the run has the time line; it can be attached here.",
  truncated: (kept: number, of: number) => `(truncated: ${kept} of ${of} characters)`,
};
