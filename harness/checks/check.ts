import type { Finding } from "../journal/events.ts";
import type { Losses } from "../journal/losses.ts";
import type { RunRecord } from "../journal/record.ts";
import type { ExperimentFacts, Missing } from "./needs.ts";

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
  /** What it would need and this experiment does not have, so that it could never answer; null or absent: nothing. */
  needs?(experiment: ExperimentFacts): Missing | null;
  /** Why it cannot judge servers that kvchaos did not start, in words behind "because"; absent: it can. */
  readonly notAttached?: string;
  check(record: RunRecord): CheckResult;
}

/** Findings, and what could have been one if only we had been able to see. */
export interface Judged {
  findings: Finding[];
  unknown: string[];
  /** What a reader should know even where nothing was found. */
  remarks?: string[];
}

/** A finding outranks a doubt, a doubt outranks "all is well". */
export function resultOf({ findings, unknown, remarks = [] }: Judged): CheckResult {
  const valid = findings.length > 0 ? false : unknown.length > 0 ? "unknown" : true;
  const why = [...unknown, ...(findings.length > 0 ? [] : remarks)].join("; ");
  return { valid, why: why || null, findings };
}

/** The record does not allow an answer. */
export function unknownBecause(why: string): CheckResult {
  return { valid: "unknown", why, findings: [] };
}
