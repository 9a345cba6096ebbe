import type { Verdict } from "../journal/events.ts";

export interface Rounds<E, R> {
  experiments: readonly E[];
  /** Runs of each experiment at most. */
  rounds: number;
  /** Stop at the first run that does not pass. */
  untilFail: boolean;
  /** No time is left for another run; the first one takes place all the same. */
  over(): boolean;
  signal: AbortSignal;
  /** @param round from 0 */
  run(experiment: E, round: number): Promise<R>;
}

/**
 * Runs every experiment once, then every one again, until something ends it.
 * @returns experiments that were never run because the time was over
 */
export async function runRounds<E, R extends { verdict: Verdict }>(all: Rounds<E, R>): Promise<readonly E[]> {
  const { experiments, rounds, untilFail, over, signal, run } = all;
  if (experiments.length === 0) return [];
  for (let round = 0; round < rounds; round++) {
    for (const [i, experiment] of experiments.entries()) {
      if ((round > 0 || i > 0) && over()) return round === 0 ? experiments.slice(i) : [];
      const { verdict } = await run(experiment, round);
      if (signal.aborted || (untilFail && verdict !== "pass")) return [];
    }
  }
  return [];
}
