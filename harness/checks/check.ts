import type { Finding } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";

/*
 *   journal.jsonl ─► RunRecord ─┬─► no-hang ────────┐
 *                               ├─► no-crash ───────┤
 *                               ├─► one-master ─────┼─► CheckResult[] ─► verdictOf ─► pass | fail | inconclusive
 *                               ├─► converges ──────┤
 *                               └─► recovers-within ┘
 */

export interface CheckResult {
  /** "unknown": the record does not allow an answer; `why` says what is missing. */
  valid: boolean | "unknown";
  why: string | null;
  findings: Finding[];
}

/** One expectation about a run. A check that throws is `unknown`, never a pass. */
export interface Check {
  readonly name: string;
  readonly summary: string;
  check(record: RunRecord): CheckResult;
}
