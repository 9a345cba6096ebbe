import { type EventOf, HANGS, type NodeCondition } from "../events.ts";
import type { EventIndex } from "./event-index.ts";

/** One node in one condition, from when it really began until the next one did. */
export interface ConditionPeriod {
  node: string;
  condition: NodeCondition;
  from: number;
  /** null: still so when the run stopped looking. */
  to: number | null;
  why: string;
  silent: number | null;
  of: number | null;
}

/** Every node's conditions in order, those that were seen until `end`. */
export function conditionPeriods(journal: EventIndex, end: number): Map<string, ConditionPeriod[]> {
  const periods = new Map<string, ConditionPeriod[]>();
  for (const event of journal.of("condition")) {
    if (event.t > end) continue;
    const own = periods.get(event.node) ?? [];
    periods.set(event.node, own);
    const before = own.at(-1);
    // Answers that come late after a hang look slow from the moment of their questions on: until they came, it hung.
    const since = before && HANGS.includes(before.condition) && event.now === "slow" ? event.t : event.since;
    if (before) before.to = Math.max(before.from, since);
    own.push({ ...begun(event), from: before ? Math.max(before.from, since) : since });
  }
  return periods;
}

function begun(event: EventOf<"condition">): ConditionPeriod {
  const { node, now: condition, since: from, why, silent = null, of = null } = event;
  return { node, condition, from, to: null, why, silent, of };
}
