import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../journal/history.ts";
import type { Cell } from "./cells/cells.ts";
import type { Expiries } from "./cells/expiries.ts";
import type { Durability } from "./durability.ts";
import type { Flush, ShardFlushes } from "./flushes.ts";

/*
 *   w1 ├──┤                        A value explains what is found in the end unless something that had to stay began after
 *   f       ├────┤                 it had been acknowledged. Here w3 had to stay: w1 is overwritten (by f already), w2 may
 *   w2            ├───────┤        have come after w3. NOTHING is what the cell began with, and what flushes and deletes
 *   w3                ├──┤         write; and what is left when a deadline has come that `due` or something later set.
 */

/** Why a value that was found in the end cannot be. */
export type WrongKind =
  /** Nothing is there, and `due` had to be. */
  | "lost"
  /** Older than `due`. */
  | "stale"
  /** `flush` had removed it. */
  | "flushed"
  /** `due`, a delete, had removed it. */
  | "deleted"
  /** The deadline that `due` set had come long ago. */
  | "expired"
  /** No recorded write wrote it to this cell. */
  | "never-written"
  /** The write that would have written it was refused. */
  | "failed-write";

export interface WrongValue {
  wrong: WrongKind;
  /** Row of `final`. */
  final: number;
  /** Row of the write that wrote what was found; -1: none. */
  write: number;
  /** Row of the write that had to be seen; -1: none. */
  due: number;
  /** The flush that had removed it; for "lost": the last one that was acknowledged before `due` was invoked. */
  flush: Flush | null;
}

/** What has to be, and may be, in one cell in the end. */
export class FinalValue {
  readonly #load: LoadHistory;
  readonly #cell: Cell;
  readonly #flushes: ShardFlushes;
  readonly #expiries: Expiries;
  readonly #durability: Durability;
  /** The latest write that had to stay. */
  readonly #due: number = -1;
  /** The latest delete that had to stay. */
  readonly #deleted: number = -1;
  /** What was over before then is overwritten. */
  readonly #since: number;
  /** Until when something may have removed the value. */
  readonly #removed: number;

  /** @param expiries of this cell, by what had to stay */
  constructor(load: LoadHistory, durability: Durability, flushes: ShardFlushes, expiries: Expiries, cell: Cell) {
    this.#load = load;
    this.#durability = durability;
    this.#expiries = expiries;
    this.#cell = cell;
    this.#flushes = flushes;
    const { invoked, kind, value, outcome } = load.operations;
    let removed = flushes.latest;
    for (let i = 0; i < cell.length; i++) {
      const row = cell.order[i] as number;
      if (kind[row] !== KIND.write) continue;
      const stays = durability.hadToStay(row);
      if (stays) this.#due = row;
      if (value[row] !== NOTHING || outcome[row] === OUTCOME.fail) continue;
      removed = Math.max(removed, this.#end(row));
      if (stays) this.#deleted = row;
    }
    this.#removed = removed;
    this.#since = Math.max(flushes.lastLasting, this.#due === -1 ? -Infinity : (invoked[this.#due] as number));
  }

  /** @param final row of `final` whose outcome is ok. Null: what it found can be. */
  judge(final: number): WrongValue | null {
    const found = this.#load.final.value[final] as number;
    if (found === NOTHING) return this.#judgeNothing(final);
    const write = this.#writeOf(found);
    const { invoked, outcome } = this.#load.operations;
    if (write === -1) return { wrong: "never-written", final, write, due: this.#due, flush: null };
    if (outcome[write] === OUTCOME.fail) return { wrong: "failed-write", final, write, due: this.#due, flush: null };
    const end = this.#end(write);
    if (end >= this.#since) return this.#judgeDeadline(final, write);
    const flush = this.#flushes.all.find((one) => one.lasting && one.invoked > end) ?? null;
    if (flush) return { wrong: "flushed", final, write, due: this.#due, flush };
    if (this.#deleted !== -1 && (invoked[this.#deleted] as number) > end)
      return { wrong: "deleted", final, write, due: this.#deleted, flush };
    return { wrong: "stale", final, write, due: this.#due, flush };
  }

  #judgeDeadline(final: number, write: number): WrongValue | null {
    const { t, by } = this.#expiries.goneBy(write, this.#durability.hadToStay);
    if ((this.#load.final.invoked[final] as number) <= t) return null;
    return { wrong: "expired", final, write, due: by, flush: null };
  }

  #judgeNothing(final: number): WrongValue | null {
    if (this.#removed >= this.#since) return null;
    if (this.#expiries.mayEmpty(this.#since, this.#load.final.completed[final] as number)) return null;
    const due = this.#due;
    const before = (this.#load.operations.invoked[due] as number) ?? 0;
    const flush = this.#flushes.all.findLast((one) => one.acknowledged < before) ?? null;
    return { wrong: "lost", final, write: -1, due, flush };
  }

  /** When an operation had taken effect, if it ever did. */
  #end(row: number): number {
    const { outcome, completed } = this.#load.operations;
    return outcome[row] === OUTCOME.ok ? (completed[row] as number) : Infinity;
  }

  #writeOf(value: number): number {
    if (value < 0) return -1;
    const { operations } = this.#load;
    const { order, length } = this.#cell;
    for (let i = length - 1; i >= 0; i--) {
      const row = order[i] as number;
      if (operations.value[row] === value && operations.kind[row] === KIND.write) return row;
    }
    return -1;
  }
}
