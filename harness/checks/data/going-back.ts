import { type LoadHistory, NOTHING, OUTCOME } from "../../journal/history.ts";
import type { CellWrites } from "./cells/cell-reads.ts";
import type { Cell } from "./cells/cells.ts";
import type { Expiries } from "./cells/expiries.ts";
import { removalsOf } from "./cells/removals.ts";
import type { ShardFlushes } from "./flushes.ts";

/*
 *   w1 ├──┤        w2       ├──┤
 *   r1                           ├─┤ v2
 *   r2                                 ├─┤ v1      w1 was over before w2 began, and r1 had seen w2: r2 went back
 */

/** A read that saw less than one before it. Rows of operations. */
export interface WentBack {
  earlier: number;
  /** What the earlier read saw. */
  seen: number;
  later: number;
  /** What the later read saw; -1: nothing. */
  shown: number;
}

/**
 * The first read that went back, of one cell's reads from one stable master in order of invocation; null when none did.
 * Values whose write is not known tell nothing here. n log n at worst, linear when few reads overlap.
 * @param expiries of this cell, as that master carried them out
 */
export function wentBack(
  load: LoadHistory,
  cell: Cell,
  flushes: ShardFlushes,
  expiries: Expiries,
  writes: CellWrites,
  reads: readonly number[],
): WentBack | null {
  const { invoked, completed, outcome, value } = load.operations;
  const byCompletion = sortedBy(reads, completed);
  let isRemoved: ReturnType<typeof removalsOf> | undefined;
  let next = 0;
  let earlier = -1;
  let seen = -1;
  for (const later of reads) {
    for (; next < byCompletion.length; next++) {
      const read = byCompletion[next] as number;
      if ((completed[read] as number) >= (invoked[later] as number)) break;
      const write = writes.rowOf(value[read] as number);
      if (write === -1 || (seen !== -1 && (invoked[write] as number) <= (invoked[seen] as number))) continue;
      earlier = read;
      seen = write;
    }
    if (seen === -1) continue;
    const since = invoked[seen] as number;
    if (value[later] === NOTHING) {
      isRemoved ??= removalsOf(load, cell, flushes);
      const until = completed[later] as number;
      if (!isRemoved(since, until) && !expiries.mayEmpty(since, until)) return { earlier, seen, later, shown: -1 };
      continue;
    }
    const shown = writes.rowOf(value[later] as number);
    if (shown === -1 || outcome[shown] !== OUTCOME.ok) continue;
    if ((completed[shown] as number) < since) return { earlier, seen, later, shown };
  }
  return null;
}

/** Insertion sort: reads in order of invocation are nearly in order of completion. */
function sortedBy(rows: readonly number[], key: Float64Array): number[] {
  const sorted = [...rows];
  for (let i = 1; i < sorted.length; i++) {
    const row = sorted[i] as number;
    const own = key[row] as number;
    let at = i;
    for (; at > 0 && (key[sorted[at - 1] as number] as number) > own; at--) sorted[at] = sorted[at - 1] as number;
    sorted[at] = row;
  }
  return sorted;
}
