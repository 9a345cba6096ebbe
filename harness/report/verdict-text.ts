import { counted, formatDuration, formatTime } from "../base/units.ts";
import { isRoot } from "../checks/causes.ts";
import type { Finding } from "../journal/events.ts";
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
 * silence that was observed, and no proof. "foreseen": it did not happen.
 */
export function confidence({
  proof,
  detail,
}: Pick<Finding, "proof" | "detail">): "proved" | "held by readers" | "observed" | "foreseen" {
  if (proof !== null) return "proved";
  if (detail?.signature !== undefined) return "foreseen";
  return detail?.waits === "held-by-readers" ? "held by readers" : "observed";
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
