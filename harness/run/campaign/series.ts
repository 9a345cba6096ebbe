/*
 *   trials ─► interrupted? ─► time for it? ─► run ─► enough? ─► the next one
 */

/** What holds for every run of a campaign. */
export interface Campaign<T, R> {
  /** Rejects where the run could not even begin, which ends the campaign. */
  run(trial: T): Promise<R>;
  /** Is there no time left for this one? */
  late?(trial: T): boolean;
  signal: AbortSignal;
}

/** Why a series came to its end. */
export type SeriesEnd<T> =
  | { kind: "all" | "enough" | "interrupted" }
  /** There was no time for this one, nor for those after it. */
  | { kind: "late"; trial: T };

/**
 * The loop of every campaign: runs what `trials` gives, which may be endless, one after the other. The next trial is asked for
 * only when it can begin, so that several runs at once would take theirs from the same place.
 * @param enough ends the series after this result
 */
export async function series<T, R>(
  trials: Iterable<T>,
  { run, late, signal }: Campaign<T, R>,
  enough: (result: R) => boolean = () => false,
): Promise<{ results: R[]; end: SeriesEnd<T> }> {
  const results: R[] = [];
  for (const trial of trials) {
    if (signal.aborted) return { results, end: { kind: "interrupted" } };
    if (late?.(trial)) return { results, end: { kind: "late", trial } };
    const result = await run(trial);
    results.push(result);
    if (enough(result)) return { results, end: { kind: "enough" } };
  }
  return { results, end: { kind: "all" } };
}
