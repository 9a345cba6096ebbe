import { type Pair, stringify } from "yaml";
import { mistakesError, YamlSource } from "../base/mistakes.ts";
import { type Plan, planSchema } from "../journal/plan.ts";
import { Mistakes } from "./read/zod-mistakes.ts";
import type { Registries } from "./registries.ts";
import { hiddenPlan } from "./secrets.ts";

/**
 * The plan as YAML, to be read by people and by `readPlan`. The same plan gives the same text. Times are milliseconds; secrets are
 * hidden.
 */
export function writePlan(plan: Plan): string {
  const head = "# A resolved plan: every random choice is made. Times in milliseconds, sizes in bytes.\n";
  return head + stringify(hiddenPlan(plan), { lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: byRank });
}

/** What a reader looks for first; the rest in alphabetical order, so that a plan that was read back is written alike. */
const FIRST = "version seed id name title why expect timeToFinding kind fault trigger experiment faults".split(" ");

function byRank(a: Pair, b: Pair): number {
  const [left, right] = [String(a.key), String(b.key)];
  const rank = (key: string): number => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);
  return rank(left) - rank(right) || (left < right ? -1 : left > right ? 1 : 0);
}

/**
 * Reads what `writePlan` wrote, perhaps edited since (fewer faults, other times).
 * @param file how the file is named in messages
 * @throws ChaosError `invalid-experiment` with file:line:column for every mistake
 */
export function readPlan(text: string, file: string, registries: Pick<Registries, "faults">): Plan {
  const source = YamlSource.parse(file, text);
  const mistakes = new Mistakes(source);
  const plan = mistakes.parse(planSchema, source.value, []);
  const ids = plan?.faults.map(({ id }) => id) ?? [];
  plan?.faults.forEach((fault, index) => {
    const path = ["faults", index];
    const kind = registries.faults.get(fault.fault);
    const params = kind && mistakes.parse(kind.parameters.planned, fault.params, [...path, "params"]);
    if (params) fault.params = params;
    if (!registries.faults.has(fault.fault)) {
      mistakes.unknown([...path, "fault"], "fault", fault.fault, registries.faults.keys());
    }
    if (ids.indexOf(fault.id) < index) mistakes.add([...path, "id"], `the id "${fault.id}" is there twice`);
    const { trigger } = fault;
    if (trigger.kind === "after" && !ids.includes(trigger.after)) {
      mistakes.unknown([...path, "trigger", "after"], "fault id", trigger.after, ids);
    }
  });
  if (mistakes.list.length > 0 || !plan) throw mistakesError(mistakes.list);
  return plan;
}
