import { ChaosError } from "../../base/chaos-error.ts";

export type Outcome = "pass" | "fail";

/** Two neighbours in a row of versions: all that is known of them changes between these. */
export interface Change {
  before: number;
  after: number;
  /** What the one at `after` does; the one at `before` does the other. */
  now: Outcome;
}

/**
 * Finds where a row of versions, oldest first, begins to pass or to fail: both ends first, then the middle of what is left.
 * Yields the index of one version after another and wants to be told how it ended. Returns null when both ends are alike.
 * It takes for granted that the row changes once: with several changes it finds one of them.
 */
export function* firstChange(count: number): Generator<number, Change | null, Outcome> {
  if (count < 2) throw new ChaosError("internal", `a change is between two versions, not ${count}`);
  let before = 0;
  let after = count - 1;
  const then = yield before;
  const now = yield after;
  if (then === now) return null;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if ((yield middle) === now) after = middle;
    else before = middle;
  }
  return { before, after, now };
}
