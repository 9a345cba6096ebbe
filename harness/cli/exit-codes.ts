import { ChaosError } from "../base/chaos-error.ts";
import type { Verdict } from "../journal/events.ts";
import type { NightEntry } from "../run/night/record.ts";

/** The only place that knows what a process of kvchaos exits with (docs/commands.md#exit-codes). */
export const EXIT = {
  pass: 0,
  finding: 1,
  inconclusive: 2,
  usage: 3,
  infrastructure: 4,
  interrupted: 130,
} as const;

const OF_VERDICT: Record<Verdict, number> = {
  pass: EXIT.pass,
  fail: EXIT.finding,
  inconclusive: EXIT.inconclusive,
  error: EXIT.infrastructure,
  interrupted: EXIT.interrupted,
};

/** `expectFail` swaps pass and finding: a known bug must still reproduce. */
export function exitOfVerdict(verdict: Verdict, expectFail = false): number {
  const code = OF_VERDICT[verdict];
  if (!expectFail) return code;
  return code === EXIT.pass ? EXIT.finding : code === EXIT.finding ? EXIT.pass : code;
}

const OF_OUTCOME: Record<NightEntry["outcome"], number> = {
  pass: EXIT.pass,
  "known-bug": EXIT.pass,
  fail: EXIT.finding,
  "not-reproduced": EXIT.finding,
  inconclusive: EXIT.inconclusive,
  error: EXIT.infrastructure,
  "not-run": EXIT.infrastructure,
  skipped: EXIT.pass,
};

/** Of a whole night; `missing`: how much of it never reported. A night in which nothing ran has shown nothing. */
export function exitOfNight(outcomes: readonly NightEntry["outcome"][], missing: number): number {
  const codes = outcomes.map((outcome) => OF_OUTCOME[outcome]);
  if (missing > 0) codes.push(EXIT.infrastructure);
  if (outcomes.every((outcome) => outcome === "skipped")) codes.push(EXIT.inconclusive);
  return worstExit(codes);
}

/** Of several runs: what broke outranks what failed, which outranks what is not known. */
export function worstExit(codes: readonly number[]): number {
  const rank = [EXIT.interrupted, EXIT.infrastructure, EXIT.usage, EXIT.finding, EXIT.inconclusive];
  return rank.find((code) => codes.includes(code)) ?? EXIT.pass;
}

export function exitOfError(error: unknown): number {
  if (!(error instanceof ChaosError)) return EXIT.infrastructure;
  if (error.code === "usage" || error.code === "invalid-experiment") return EXIT.usage;
  return error.code === "interrupted" ? EXIT.interrupted : EXIT.infrastructure;
}
