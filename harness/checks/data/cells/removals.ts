import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../../journal/history.ts";
import type { ShardFlushes } from "../flushes.ts";
import type { Cell } from "./cells.ts";

/** What may have emptied a cell: flushes of its shard and deletes. */
export class Removals {
  /** In order of invocation. */
  readonly #invoked: number[] = [];
  /** The latest end among those up to each. */
  readonly #latest: number[] = [];

  constructor(load: LoadHistory, cell: Cell, flushes: ShardFlushes) {
    const { kind, value, outcome, invoked, completed } = load.operations;
    let at = 0;
    const { all } = flushes;
    const addFlushes = (until: number): void => {
      for (let next = all[at]; next && next.invoked <= until; next = all[++at])
        this.#add(next.invoked, next.acknowledged);
    };
    for (let i = cell.from; i < cell.to; i++) {
      const row = cell.order[i] as number;
      if (kind[row] !== KIND.write || value[row] !== NOTHING || outcome[row] === OUTCOME.fail) continue;
      addFlushes(invoked[row] as number);
      this.#add(invoked[row] as number, outcome[row] === OUTCOME.ok ? (completed[row] as number) : Infinity);
    }
    addFlushes(Infinity);
  }

  /** Was there one that was not over before `after`, and invoked at `before` at the latest? */
  isBetween(after: number, before: number): boolean {
    let low = 0;
    let high = this.#invoked.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#invoked[middle] as number) <= before) low = middle + 1;
      else high = middle;
    }
    return low > 0 && (this.#latest[low - 1] as number) >= after;
  }

  #add(invoked: number, end: number): void {
    this.#invoked.push(invoked);
    this.#latest.push(Math.max(end, this.#latest.at(-1) ?? -Infinity));
  }
}
