import type { Verdict } from "../../journal/events.ts";
import { type Finding, kindOf } from "../../journal/finding.ts";

/** What became of one run, as far as it matters here. */
export interface Attempt {
  verdict: Verdict;
  findings: readonly Pick<Finding, "type" | "class" | "from" | "consequenceOf">[];
}

/** What several runs of the same thing amount to. */
export interface Tried<A extends Attempt> {
  /** "unknown": none failed, and not every one passed. "out-of-time": there was too little for as many runs as it takes to say "pass". */
  outcome: "fail" | "pass" | "unknown" | "out-of-time";
  attempts: A[];
}

export interface AttemptLimits<A extends Attempt> {
  /** Runs at most: a failure that comes and goes needs several. */
  tries: number;
  /** Does this run show the failure that is looked for? */
  shows(attempt: A): boolean;
  /** Is there no time for another run? */
  over(): boolean;
}

/** Runs until one shows the failure, `tries` times at most. One that breaks (`error`, `interrupted`) ends it. */
export async function attempt<A extends Attempt>(
  run: (round: number) => Promise<A>,
  { tries, shows, over }: AttemptLimits<A>,
): Promise<Tried<A>> {
  const attempts: A[] = [];
  for (let round = 0; round < tries; round++) {
    if (over()) return { outcome: "out-of-time", attempts };
    const one = await run(round);
    attempts.push(one);
    if (shows(one)) return { outcome: "fail", attempts };
    if (one.verdict === "error" || one.verdict === "interrupted") return { outcome: "unknown", attempts };
  }
  return { outcome: attempts.every(({ verdict }) => verdict === "pass") ? "pass" : "unknown", attempts };
}

/** "hang/deadlocked" of the finding that began first, consequences aside, or null. */
export function firstKind(findings: Attempt["findings"]): string | null {
  const [first] = findings.filter(({ consequenceOf }) => consequenceOf === undefined).sort((a, b) => a.from - b.from);
  return first ? kindOf(first) : null;
}

/** How several runs of the same thing went, in a few words. */
export function triedText({ outcome, attempts }: Tried<Attempt>): string {
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
