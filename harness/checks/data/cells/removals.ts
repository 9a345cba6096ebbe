import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../../journal/history.ts";
import type { ShardFlushes } from "../flushes.ts";
import type { Cell } from "./cells.ts";

/**
 * What may have emptied a cell: flushes of its shard and deletes. The function that it returns says whether there was one that was
 * not over before `after`, and invoked at `before` at the latest.
 */
export function removalsOf({ operations }: LoadHistory, cell: Cell, { all }: ShardFlushes) {
  const { kind, value, outcome, invoked, completed } = operations;
  /** When each was invoked, in order, and the latest end among those up to each. */
  const starts: number[] = [];
  const ends: number[] = [];
  const add = (start: number, end: number): void => {
    starts.push(start);
    ends.push(Math.max(end, ends.at(-1) ?? -Infinity));
  };
  let at = 0;
  const addFlushes = (until: number): void => {
    for (let next = all[at]; next && next.invoked <= until; next = all[++at]) add(next.invoked, next.acknowledged);
  };
  for (let i = 0; i < cell.length; i++) {
    const row = cell.order[i] as number;
    if (kind[row] !== KIND.write || value[row] !== NOTHING || outcome[row] === OUTCOME.fail) continue;
    addFlushes(invoked[row] as number);
    add(invoked[row] as number, outcome[row] === OUTCOME.ok ? (completed[row] as number) : Infinity);
  }
  addFlushes(Infinity);

  return (after: number, before: number): boolean => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as number) <= before) low = middle + 1;
      else high = middle;
    }
    return low > 0 && (ends[low - 1] as number) >= after;
  };
}
