import type { FaultSpec, Trigger } from "./experiment.ts";

/** How often a fault with this trigger happens. */
export function occurrences(trigger: Trigger): number {
  return trigger.kind === "every" || trigger.kind === "when" ? trigger.count : 1;
}

/** "storm#12" for the twelfth of several; the plain id for a fault that happens once. `index` counts from 0. */
export function occurrenceId(spec: FaultSpec, index: number): string {
  return occurrences(spec.trigger) === 1 ? spec.id : `${spec.id}#${index + 1}`;
}
