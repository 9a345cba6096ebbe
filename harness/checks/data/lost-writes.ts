import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../journal/history.ts";
import type { Cell } from "./cells/cells.ts";
import type { Durability } from "./durability.ts";
import type { Flushes } from "./flushes.ts";

/*
 *   w1 ├──┤                    In the end w1 is found: w2 and w3, which were sent after w1 had been acknowledged, are gone.
 *   w2       ├──┤              Had a flush or delete been under way after w2, it may have removed it: w2 would not count.
 *   w3             ├──┤        A write that was lost and overwritten by one that stayed is seen by nobody.
 */

/** Counts the acknowledged writes of a load that are gone for certain, allowed to or not. */
export class LostWrites {
  readonly #load: LoadHistory;
  readonly #durability: Durability;
  readonly #flushes: Flushes;
  #lost = 0;
  #excused = 0;
  #isRead = false;

  constructor(load: LoadHistory, durability: Durability, flushes: Flushes) {
    this.#load = load;
    this.#durability = durability;
    this.#flushes = flushes;
  }

  /** @param judged rows of `final` that could be read, on nodes that are judged */
  add(cell: Cell, judged: readonly number[]): void {
    if (judged.length === 0) return;
    this.#isRead = true;
    let since = Infinity;
    for (const final of judged) since = Math.min(since, this.#explainedUntil(cell, final));
    if (since === Infinity) return;
    const { invoked, kind, outcome } = this.#load.operations;
    for (let i = cell.from; i < cell.to; i++) {
      const row = cell.order[i] as number;
      if (kind[row] !== KIND.write || outcome[row] !== OUTCOME.ok || (invoked[row] as number) <= since) continue;
      this.#lost++;
      if (!this.#durability.hadToStay(row)) this.#excused++;
    }
  }

  /** Distinct writes; null: no node could be read. */
  get count(): { lost: number | null; excused: number | null } {
    return this.#isRead ? { lost: this.#lost, excused: this.#excused } : { lost: null, excused: null };
  }

  /** What was sent later than this has left no trace in what a node holds; Infinity: nothing is certain. */
  #explainedUntil(cell: Cell, final: number): number {
    const found = this.#load.final.value[final] as number;
    const { value, kind, outcome, completed } = this.#load.operations;
    // Whatever came before a flush may have been removed by it.
    let until = this.#flushes.shards[cell.shard]?.latest ?? -Infinity;
    let isExplained = found === NOTHING;
    for (let i = cell.from; i < cell.to; i++) {
      const row = cell.order[i] as number;
      if (kind[row] !== KIND.write || value[row] !== found || outcome[row] === OUTCOME.fail) continue;
      isExplained = true;
      until = Math.max(until, outcome[row] === OUTCOME.ok ? (completed[row] as number) : Infinity);
    }
    // Where nobody knows where a value comes from, nobody knows what it has replaced.
    return isExplained ? until : Infinity;
  }
}
