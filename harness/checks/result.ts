import type { Finding } from "../journal/events.ts";
import type { CheckResult } from "./check.ts";

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
