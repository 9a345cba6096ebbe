import type { CheckResult } from "./check.ts";
import type { Judged } from "./hang/hang-rules.ts";

/** A finding outranks a doubt, a doubt outranks "all is well". */
export function resultOf({ findings, unknown, remarks = [] }: Judged): CheckResult {
  const valid = findings.length > 0 ? false : unknown.length > 0 ? "unknown" : true;
  const why = [...unknown, ...(findings.length > 0 ? [] : remarks)].join("; ");
  return { valid, why: why || null, findings };
}
