import type { PlannedParams } from "../plan.ts";
import type { EventIndex } from "./event-index.ts";

/** What a fault came to. Moments are run ms; null: that did not come about. */
export interface FaultOccurrence {
  /** "storm#12" */
  id: string;
  fault: string;
  targets: string[];
  /** When injecting it began. */
  from: number | null;
  /** When it was in place. */
  injected: number | null;
  /** When undoing it began, or was found to be nothing. */
  lifted: number | null;
  /** When it was undone. */
  healed: number | null;
  /** When it was healed, or over for one that needs no heal; null while it lasts or when it never fired. */
  to: number | null;
  outcome: "done" | "open" | "not-fired" | "inject-failed" | "heal-failed";
  effect: { measured: boolean; summary: string } | null;
  detail: string | null;
  params: PlannedParams | null;
}

/** Every occurrence of every fault, pieced together from its steps. */
export function faultOccurrences(journal: EventIndex): FaultOccurrence[] {
  const all = new Map<string, FaultOccurrence>();
  for (const event of journal.of("fault")) {
    const { id, fault, step, targets, t } = event;
    const one = all.get(id) ?? begun(id, fault);
    all.set(id, one);
    if (targets.length > 0) one.targets = [...targets];
    if (event.params !== undefined) one.params = event.params;
    if (event.detail !== undefined) one.detail = event.detail;
    if (event.effect) one.effect = event.effect;
    if (step === "inject") one.from = t;
    else if (step === "injected") {
      one.from ??= t - (event.ms ?? 0);
      one.injected = t;
    } else if (step === "healed") {
      // Nothing to undo: it was over when it was done, not when its effect had been measured.
      one.to = one.lifted === null ? (one.injected ?? t) : t;
      one.healed = t;
      if (one.outcome === "open") one.outcome = "done";
    } else if (step !== "effect" && step !== "heal") one.outcome = step;
    if (step === "heal" || step === "healed" || step === "heal-failed") one.lifted ??= t;
  }
  return [...all.values()];
}

function begun(id: string, fault: string): FaultOccurrence {
  const never = { from: null, injected: null, lifted: null, healed: null, to: null };
  return { id, fault, targets: [], ...never, outcome: "open", effect: null, detail: null, params: null };
}
