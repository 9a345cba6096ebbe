import type { Plan } from "../../journal/plan.ts";
import { type Attempt, attempt, type Tried } from "./attempts.ts";
import { fewest } from "./fewest.ts";
import type { Campaign } from "./series.ts";

export interface Search {
  /** Runs of each plan at most: a failure that comes and goes needs several. */
  tries: number;
  /** Does this run show the failure that is looked for? */
  shows(attempt: Attempt): boolean;
  /** Called with every plan that was tried, the whole one first. */
  onTried(candidate: Candidate): void;
}

/** A plan with fewer faults, and what became of it. */
export interface Candidate extends Tried {
  plan: Plan;
}

export interface Shrunk {
  /** The smallest plan that failed; null when the whole one did not fail again. */
  smallest: Candidate | null;
  runs: number;
  /** False: the time was over before everything had been tried. */
  complete: boolean;
}

/**
 * Looks for the fewest faults with which a plan still fails, by running smaller and smaller ones. A plan that does not show
 * the failure in `tries` runs counts as one that does not have it: with a failure that comes and goes, more tries find fewer faults.
 */
export async function shrink(
  plan: Plan,
  { tries, shows, onTried }: Search,
  campaign: Campaign<Plan, Attempt>,
): Promise<Shrunk> {
  let runs = 0;
  const tryOut = async (some: Plan): Promise<Candidate> => {
    const candidate = { plan: some, ...(await attempt(Array<Plan>(tries).fill(some), campaign, shows)) };
    runs += candidate.attempts.length;
    onTried(candidate);
    return candidate;
  };
  let smallest = await tryOut(plan);
  if (smallest.outcome !== "fail") return { smallest: null, runs, complete: smallest.outcome !== "out-of-time" };
  const steps = fewest(idsOf(plan), (some) => idsOf(withFaults(plan, some)));
  for (let step = steps.next(); !step.done; ) {
    const candidate = await tryOut(withFaults(plan, step.value));
    if (candidate.outcome === "out-of-time") return { smallest, runs, complete: false };
    if (candidate.outcome === "fail") smallest = candidate;
    step = steps.next(candidate.outcome === "fail");
  }
  return { smallest, runs, complete: true };
}

/** The plan with these faults only, less those that wait for one that is not among them. */
function withFaults(plan: Plan, ids: readonly string[]): Plan {
  let faults = plan.faults.filter(({ id }) => ids.includes(id));
  for (let count = -1; count !== faults.length; ) {
    count = faults.length;
    const there = new Set(faults.map(({ id }) => id));
    faults = faults.filter(({ trigger }) => trigger.kind !== "after" || there.has(trigger.after));
  }
  return { ...plan, faults };
}

export function idsOf(plan: Plan): string[] {
  return plan.faults.map(({ id }) => id);
}
