import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { RunRecord } from "../journal/record.ts";
import { withCauses } from "./causes.ts";
import type { Check, CheckResult } from "./check.ts";
import { checks } from "./registry.ts";

/** One check's result under its name: what the journal's `check` event holds. */
export interface NamedResult extends CheckResult {
  name: string;
}

/** Runs the named checks in order, and says which finding follows from which. One that throws is `unknown`. @throws ChaosError invalid-experiment: unknown name */
export function runChecks(
  names: readonly string[],
  record: RunRecord,
  known: ReadonlyMap<string, Check> = checks,
): NamedResult[] {
  const results = names.map((name): NamedResult => {
    const check = known.get(name);
    if (!check) throw new ChaosError("invalid-experiment", `there is no check "${name}"`);
    try {
      return { name, ...check.check(record) };
    } catch (error) {
      return { name, valid: "unknown", why: `the check itself failed: ${messageOf(error)}`, findings: [] };
    }
  });
  return withCauses(record, results);
}
