import type { Verdict } from "../../journal/events.ts";
import { type Finding, kindOf } from "../../journal/finding.ts";
import { type Campaign, series } from "./series.ts";

/** What became of one run, as far as it matters here. */
export interface Attempt {
  verdict: Verdict;
  findings: readonly Pick<Finding, "type" | "class" | "from" | "consequenceOf">[];
}

/** What several runs of the same thing amount to. */
export interface Tried {
  /** "unknown": none failed, and not every one passed. "out-of-time": there was too little for as many runs as it takes to say "pass". */
  outcome: "fail" | "pass" | "unknown" | "out-of-time";
  attempts: Attempt[];
}

/** Runs until one shows the failure. One that breaks (`error`, `interrupted`) ends it. */
export async function attempt<T>(
  trials: Iterable<T>,
  campaign: Campaign<T, Attempt>,
  shows: (attempt: Attempt) => boolean,
): Promise<Tried> {
  const broke = ({ verdict }: Attempt): boolean => verdict === "error" || verdict === "interrupted";
  const { results: attempts, end } = await series(trials, campaign, (one) => shows(one) || broke(one));
  const last = attempts.at(-1);
  if (end.kind === "enough") return { outcome: last && shows(last) ? "fail" : "unknown", attempts };
  if (end.kind !== "all") return { outcome: "out-of-time", attempts };
  return { outcome: attempts.every(({ verdict }) => verdict === "pass") ? "pass" : "unknown", attempts };
}

/** "hang/deadlocked" of the finding that began first, consequences aside, or null. */
export function firstKind(findings: Attempt["findings"]): string | null {
  const [first] = findings.filter(({ consequenceOf }) => consequenceOf === undefined).sort((a, b) => a.from - b.from);
  return first ? kindOf(first) : null;
}

/** How several runs of the same thing went, in a few words. */
export function triedText({ outcome, attempts }: Tried): string {
  const runs = attempts.length === 1 ? "1 run" : `${attempts.length} runs`;
  switch (outcome) {
    case "fail":
      return `fails (in run ${attempts.length})`;
    case "pass":
      return `passes (${runs})`;
    case "unknown":
      return `does not show it, but not every run passed (${attempts.map(({ verdict }) => verdict).join(", ")})`;
    case "out-of-time":
      return `no time left for ${attempts.length === 0 ? "it" : "another run of it"}`;
  }
}
