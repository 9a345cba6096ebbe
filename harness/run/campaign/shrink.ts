import type { Plan } from "../../journal/plan.ts";
import { Ahead, upcoming } from "./ahead.ts";
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
  const { jobs = 1 } = campaign;
  let runs = 0;
  const ahead = new Ahead((ids, unneeded) => {
    const some = withFaults(plan, JSON.parse(ids));
    return attempt(Array<Plan>(tries).fill(some), { ...campaign, unneeded }, shows);
  });
  const tryOut = async (ids: readonly string[]): Promise<Candidate> => {
    const candidate = { plan: withFaults(plan, ids), ...(await ahead.get(JSON.stringify(ids))) };
    runs += candidate.attempts.length;
    onTried(candidate);
    return candidate;
  };
  const all = idsOf(plan);
  let smallest = await tryOut(all);
  if (smallest.outcome !== "fail") return { smallest: null, runs, complete: smallest.outcome !== "out-of-time" };
  const search = () => fewest(all, (some) => idsOf(withFaults(plan, some)));
  const failed: boolean[] = [];
  const steps = search();
  for (let step = steps.next(); !step.done; step = steps.next(failed.at(-1) === true)) {
    // Most candidates do not fail any more: those behind them are asked for.
    const next = upcoming(search, failed, [false], Math.ceil(jobs / tries));
    await ahead.expect(next.map((ids) => JSON.stringify(ids)));
    const candidate = await tryOut(step.value);
    failed.push(candidate.outcome === "fail");
    if (candidate.outcome === "fail") smallest = candidate;
    if (candidate.outcome === "out-of-time") {
      await ahead.expect([]);
      return { smallest, runs, complete: false };
    }
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
