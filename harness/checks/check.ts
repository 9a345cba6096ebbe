import type { Finding } from "../journal/events.ts";
import type { Losses } from "../journal/losses.ts";
import type { RunRecord } from "../journal/record.ts";

/*
 *   journal.jsonl ─► RunRecord ─┬─► no-hang, no-crash, one-master, recovers-within, ───┐
 *                    │          │   replication-progress, converges                     ├─► CheckResult[] ─► verdictOf
 *   history/*.ops ───┘          └─► flush-order, no-lost-writes, ──────────────────────┘   ─► pass | fail | inconclusive
 *                                   per-key-order, linearizable (data/)
 */

export interface CheckResult {
  /** "unknown": the record does not allow an answer; `why` says what is missing. */
  valid: boolean | "unknown";
  why: string | null;
  findings: Finding[];
  /** By load; only of the check that counts them. */
  losses?: Losses[];
}

/** One expectation about a run. A check that throws is `unknown`, never a pass. */
export interface Check {
  readonly name: string;
  readonly summary: string;
  /** It judges what a load with `record: true` did: an experiment without one cannot ask for it. */
  readonly needsHistory?: boolean;
  check(record: RunRecord): CheckResult;
}
