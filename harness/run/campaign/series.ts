/*
 *   trials ─► interrupted? ─► time for it? ─► run ─► enough? ─► the next one
 *                                  │           │
 *                                  └───────────┴─ `jobs` of them at once: what comes behind the one that is enough is given up
 */

/** What holds for every run of a campaign. */
export interface Campaign<T, R> {
  /**
   * Rejects where the run could not even begin, which ends the campaign.
   * @param unneeded fires when its result no longer matters
   */
  run(trial: T, unneeded: AbortSignal): Promise<R>;
  /** Is there no time left for this one? */
  late?(trial: T): boolean;
  signal: AbortSignal;
  /** Runs at the same time, default 1. */
  jobs?: number | undefined;
  /** Fires when nobody asks for the series any more: its runs are given up. */
  unneeded?: AbortSignal | undefined;
}

/** Why a series came to its end. */
export type SeriesEnd<T> =
  | { kind: "all" | "enough" | "interrupted" }
  /** There was no time for this one, nor for those after it. */
  | { kind: "late"; trial: T };

interface Going {
  at: number;
  unneeded: AbortController;
  over: Promise<void>;
}

/**
 * The loop of every campaign: runs what `trials` gives, which may be endless, `jobs` at a time. The next trial is asked for
 * only when it can begin. The results are those of the trials one after the other, in their order, whatever ends first.
 * @param enough ends the series after this result
 */
export async function series<T, R>(
  trials: Iterable<T>,
  { run, late, signal, jobs = 1, unneeded: dropped }: Campaign<T, R>,
  enough: (result: R) => boolean = () => false,
): Promise<{ results: R[]; end: SeriesEnd<T> }> {
  const results: R[] = [];
  const going = new Set<Going>();
  /** The first trial that ends it, and whether it does so because it could not begin. */
  let last: { at: number; error?: { reason: unknown } } | null = null;
  const isLast = (at: number, error?: { reason: unknown }): void => {
    if (last !== null && last.at < at) return;
    last = { at, ...(error && { error }) };
    for (const one of going) if (one.at > at) one.unneeded.abort();
  };
  const begin = (trial: T, at: number): void => {
    const unneeded = new AbortController();
    const over = run(trial, dropped ? AbortSignal.any([unneeded.signal, dropped]) : unneeded.signal).then(
      (result) => {
        results[at] = result;
        if (enough(result)) isLast(at);
      },
      // What waited for its turn when the user interrupted it never began.
      (reason: unknown) => (signal.aborted ? undefined : isLast(at, { reason })),
    );
    const own: Going = { at, unneeded, over: over.finally(() => going.delete(own)) };
    going.add(own);
  };
  let end: SeriesEnd<T> = { kind: "all" };
  let count = 0;
  for (const trial of trials) {
    if (signal.aborted || dropped?.aborted) end = { kind: "interrupted" };
    else if (late?.(trial)) end = { kind: "late", trial };
    else {
      begin(trial, count++);
      while (going.size >= jobs) await Promise.race([...going].map(({ over }) => over));
      if (last === null) continue;
    }
    break;
  }
  await Promise.all([...going].map(({ over }) => over));
  const ended = last as { at: number; error?: { reason: unknown } } | null;
  if (ended?.error) throw ended.error.reason;
  // Less the gaps of those that never began.
  const kept = results.slice(0, ended ? ended.at + 1 : undefined).filter(() => true);
  return { results: kept, end: ended ? { kind: "enough" } : end };
}
