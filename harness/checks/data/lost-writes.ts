import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../journal/history.ts";
import type { Cell } from "./cells/cells.ts";
import type { Expiries } from "./cells/expiries.ts";
import type { Durability } from "./durability.ts";
import type { Flushes } from "./flushes.ts";

/*
 *   w1 ├──┤                    In the end w1 is found: w2 and w3, which were sent after w1 had been acknowledged, are gone.
 *   w2       ├──┤              Had a flush or delete been under way after w2, it may have removed it: w2 would not count.
 *   w3             ├──┤        A write that was lost and overwritten by one that stayed is seen by nobody.
 */

/** Counts the acknowledged writes of a load that are gone for certain, allowed to or not. @param expiries its deadlines */
export function lostWrites(
  { operations, final }: LoadHistory,
  { hadToStay }: Durability,
  flushes: Flushes,
  expiries: Expiries,
) {
  const { kind, outcome, value, invoked, completed } = operations;
  /** Distinct writes; null: no node could be read. */
  const count: { lost: number | null; excused: number | null } = { lost: null, excused: null };

  /** What was sent later than this has left no trace in what a node holds; Infinity: nothing is certain. */
  const explainedUntil = (cell: Cell, row: number): number => {
    const found = final.value[row] as number;
    // Whatever came before a flush may have been removed by it.
    let until = flushes.shards[cell.shard]?.latest ?? -Infinity;
    let isExplained = found === NOTHING;
    // And what a deadline was set for, or what came before that.
    if (found === NOTHING) until = Math.max(until, expiries.lastSet(final.completed[row] as number));
    for (let i = 0; i < cell.length; i++) {
      const write = cell.order[i] as number;
      if (kind[write] !== KIND.write || value[write] !== found || outcome[write] === OUTCOME.fail) continue;
      isExplained = true;
      until = Math.max(until, outcome[write] === OUTCOME.ok ? (completed[write] as number) : Infinity);
    }
    // Where nobody knows where a value comes from, nobody knows what it has replaced.
    return isExplained ? until : Infinity;
  };

  /** @param judged rows of `final` that could be read, on nodes that are judged */
  const add = (cell: Cell, judged: readonly number[]): void => {
    if (judged.length === 0) return;
    count.lost ??= 0;
    count.excused ??= 0;
    let since = Infinity;
    expiries.begin(cell, hadToStay);
    for (const row of judged) since = Math.min(since, explainedUntil(cell, row));
    if (since === Infinity) return;
    for (let i = 0; i < cell.length; i++) {
      const row = cell.order[i] as number;
      if (kind[row] !== KIND.write || outcome[row] !== OUTCOME.ok || (invoked[row] as number) <= since) continue;
      count.lost++;
      if (!hadToStay(row)) count.excused++;
    }
  };

  return { add, count };
}
