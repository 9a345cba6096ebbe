import { argvOf, type PlannedParams } from "../journal/plan.ts";
import type { RunRecord } from "../journal/record.ts";

export interface FaultOccurrence {
  /** "storm#12" */
  id: string;
  fault: string;
  targets: string[];
  /** ms; null when it never fired. */
  from: number | null;
  /** When it was healed, or over for one that needs no heal; null while it lasts or when it never fired. */
  to: number | null;
  outcome: "done" | "open" | "not-fired" | "inject-failed" | "heal-failed";
  effect: { measured: boolean; summary: string } | null;
  detail: string | null;
  params: PlannedParams | null;
}

const MOST_ARGV_CHARS = 90;

/** What a fault did, for a reader who does not know its id: "command DEBUG SLEEP 600 on r1". */
export function faultWords({ fault, targets, params }: FaultOccurrence): string {
  const said = argvOf(params).join(" ");
  const cut = said.length > MOST_ARGV_CHARS ? `${said.slice(0, MOST_ARGV_CHARS)}…` : said;
  const where = targets.length > 0 ? `on ${targets.join(", ")}` : "";
  return [fault, cut, where].filter((word) => word !== "").join(" ");
}

/** Every occurrence of every fault, pieced together from its steps. */
export function faultOccurrences(record: RunRecord): FaultOccurrence[] {
  const all = new Map<string, FaultOccurrence>();
  const done = new Map<string, number>();
  const healing = new Set<string>();
  for (const event of record.of("fault")) {
    const { id, fault, step, targets, t } = event;
    const one: FaultOccurrence = all.get(id) ?? {
      id,
      fault,
      targets: [],
      from: null,
      to: null,
      outcome: "open",
      effect: null,
      detail: null,
      params: null,
    };
    all.set(id, one);
    if (targets.length > 0) one.targets = [...targets];
    if (event.params !== undefined) one.params = event.params;
    if (event.detail !== undefined) one.detail = event.detail;
    if (event.effect) one.effect = event.effect;
    if (step === "inject") one.from = t;
    else if (step === "injected") {
      one.from ??= t - (event.ms ?? 0);
      done.set(id, t);
    } else if (step === "heal") healing.add(id);
    else if (step === "healed") {
      // Nothing to undo: it was over when it was done, not when its effect had been measured.
      one.to = healing.has(id) ? t : (done.get(id) ?? t);
      if (one.outcome === "open") one.outcome = "done";
    } else if (step !== "effect") one.outcome = step;
  }
  return [...all.values()];
}
