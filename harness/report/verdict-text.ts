import { counted, formatDuration, formatTime } from "../base/units.ts";
import { isRoot } from "../checks/causes.ts";
import type { Finding } from "../journal/events.ts";
import type { FaultOccurrence } from "../journal/view/fault-occurrences.ts";
import type { RunSummary } from "./run-summary.ts";

/** The verdict in one sentence, for a reader who knows the server and not kvchaos. */
export function verdictSentence(summary: RunSummary): string {
  const { verdict, reasons, findings, checks } = summary;
  if (verdict === "pass") {
    const fired = summary.faults.filter((fault) => fault.from !== null);
    const kinds = new Set(fired.map((fault) => fault.fault)).size;
    return `${counted(checks.length, "check")} passed in ${formatTime(summary.end)} under ${counted(fired.length, "fault")} of ${counted(kinds, "kind")}: no finding.`;
  }
  const [first] = findings;
  if (verdict === "fail" && first) {
    const roots = findings.filter(isRoot).length;
    const more = [
      ...(roots > 1 ? [counted(roots - 1, "more finding")] : []),
      ...(findings.length > roots ? [counted(findings.length - roots, "consequence")] : []),
    ].join(" and ");
    return `${first.summary}${more === "" ? "" : ` And ${more}.`}`;
  }
  return reasons[0] ?? "No reason was given.";
}

/**
 * How sure a finding is. "held by readers": everybody waits for a lock whose holders nothing records, which is more than a
 * silence that was observed, and no proof.
 */
export function confidence({
  proof,
  detail,
}: Pick<Finding, "proof" | "detail">): "proved" | "held by readers" | "observed" {
  if (proof !== null) return "proved";
  return detail?.waits === "held-by-readers" ? "held by readers" : "observed";
}

const MEANINGS: Record<string, string> = {
  hang: "a server does not answer, or not on all connections",
  crash: "a server ended without being asked to",
  divergence: "a replica holds other data than its master",
  "lost-write": "a write that was acknowledged is gone",
  "resurrected-key": "what was deleted or flushed is there again",
  "phantom-value": "a value that nobody wrote",
  "stale-read": "a read shows an older value than the one that had to be there",
  "not-linearizable": "no order of the operations explains what was read",
  "split-brain": "somebody else is master than the operator wants",
  "stuck-replication": "everybody answers, but a replica does not move on",
  "slow-recovery": "not serving and replicating again in time",
  "shutdown-hang": "a server does not end when it is asked to",
  unavailable: "clients are not served again after every fault was healed",
  "unmet-expectation": "what the experiment expects on the way did not come about in time",
};

/** What a type of finding means, for a reader who never saw the word; null for a type that this version does not know. */
export function meaningOf(type: string): string | null {
  return MEANINGS[type] ?? null;
}

/** What this run does not answer: a reader must not take silence for a pass. */
export function notChecked(summary: RunSummary, known: ReadonlyMap<string, { summary: string }>): string[] {
  const asked = new Set(summary.checks.map((check) => check.name));
  return [
    ...[...known]
      .filter(([name]) => !asked.has(name))
      .map(([name, { summary: what }]) => `Check "${name}" was not run: ${what}`),
    ...summary.checks
      .filter((check) => check.valid === "unknown")
      .map((check) => `Check "${check.name}" has no answer: ${check.why ?? "no reason given"}`),
    ...doubtfulFaults(summary.faults),
    ...(summary.self.starvedSeconds > 0
      ? [
          `The harness was starved for ${counted(summary.self.starvedSeconds, "second")}: what happened then was not judged.`,
        ]
      : []),
  ];
}

const DOUBTS: readonly (readonly [what: string, is: (fault: FaultOccurrence) => boolean])[] = [
  ["never fired", ({ outcome }) => outcome === "not-fired"],
  ["could not be injected", ({ outcome }) => outcome === "inject-failed"],
  ["could not be healed", ({ outcome }) => outcome === "heal-failed"],
  ["had no measured effect", ({ effect }) => effect?.measured === false],
];

function doubtfulFaults(faults: readonly FaultOccurrence[]): string[] {
  return DOUBTS.flatMap(([what, is]) => {
    const ids = faults.filter(is).map(({ id }) => id);
    const named = `${ids.slice(0, 5).join(", ")}${ids.length > 5 ? ", …" : ""}`;
    return ids.length === 0 ? [] : [`${counted(ids.length, "fault")} ${what}: ${named}`];
  });
}

/** "15.1 s into the run (19:06:07 UTC), still so 16.7 s later, when the run stopped looking" */
export function sinceText({ from, to }: Pick<Finding, "from" | "to">, watchEnd: number, startedAt: string): string {
  const began = Date.parse(startedAt) + from;
  const clock = Number.isNaN(began) ? "" : ` (${new Date(began).toISOString().slice(11, 19)} UTC)`;
  const until =
    to === null
      ? `still so ${formatTime(Math.max(0, watchEnd - from))} later, when the run stopped looking`
      : `until ${formatTime(to)}, for ${formatTime(to - from)}`;
  return `${formatTime(from)} into the run${clock}, ${until}`;
}

/** "from 12 s to the end (26 s)" */
export function spanText(from: number, to: number | null, end: number): string {
  const length = formatDuration(Math.round(((to ?? end) - from) / 100) * 100);
  return `from ${formatTime(from)} to ${to === null ? "the end" : formatTime(to)} (${length})`;
}
