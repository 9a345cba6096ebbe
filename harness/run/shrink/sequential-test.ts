/** How often something failed that was run several times. */
export interface Counted {
  failed: number;
  passed: number;
}

/** What is to be told apart, and how often it may be told wrongly. All are shares from 0 to 1, without the ends. */
export interface Hypotheses {
  /** Fails as rarely as this, or more rarely: it does not have the failure. */
  rare: number;
  /** Fails as often as this, or more often: it has it. */
  often: number;
  /** The chance that what fails as rarely as `rare` is taken for failing. */
  falseFailing: number;
  /** The chance that what fails as often as `often` is taken for passing. */
  falsePassing: number;
}

/**
 * Wald's sequential probability ratio test (Annals of Mathematical Statistics 16, 1945): asked after every run, it needs fewer of them than
 * any test with as many runs each time, and makes no more mistakes than stated. null: another run is needed.
 */
export function judged({ failed, passed }: Counted, hypotheses: Hypotheses): "fails" | "passes" | null {
  const { rare, often, falseFailing, falsePassing } = hypotheses;
  const weight = failed * Math.log(often / rare) + passed * Math.log((1 - often) / (1 - rare));
  if (weight >= Math.log((1 - falsePassing) / falseFailing)) return "fails";
  if (weight <= Math.log(falsePassing / (1 - falseFailing))) return "passes";
  return null;
}

/** The least number of further runs after which it can be decided. */
export function runsToDecide(counted: Counted, hypotheses: Hypotheses): number {
  for (let more = 1; ; more++) {
    const { failed, passed } = counted;
    const ends = [
      { failed: failed + more, passed },
      { failed, passed: passed + more },
    ];
    if (ends.some((end) => judged(end, hypotheses) !== null)) return more;
  }
}

/** What fails at most as often as the whole does, when it is one of several things that fail it. */
const SHARE_OF_WHOLE = 0.7;
/** A bug's own failure seldom comes by another way: candidates that fail this much more rarely are taken for passing. */
const RARER = 7;
const MOST_OFTEN = 0.7;
const LEAST_OFTEN = 0.1;

/** What candidates of a whole are tested for that failed so often itself. @param mistakes the chance of each */
export function hypothesesOf({ failed, passed }: Counted, mistakes: number): Hypotheses {
  const share = SHARE_OF_WHOLE * (failed / Math.max(1, failed + passed));
  const often = Math.min(MOST_OFTEN, Math.max(LEAST_OFTEN, share));
  return { rare: often / RARER, often, falseFailing: mistakes, falsePassing: mistakes };
}
