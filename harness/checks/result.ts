import type { CheckResult } from "./check.ts";
import type { Judged } from "./hang-rules.ts";

/** A finding outranks a doubt, a doubt outranks "all is well". */
export function resultOf({ findings, unknown }: Judged): CheckResult {
  const valid = findings.length > 0 ? false : unknown.length > 0 ? "unknown" : true;
  return { valid, why: unknown.length > 0 ? unknown.join("; ") : null, findings };
}
