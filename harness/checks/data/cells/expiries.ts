import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../../journal/history.ts";
import type { RunRecord } from "../../../journal/record.ts";
import { type Deadline, deadlineOf, hasValue } from "../../../journal/time-to-live.ts";
import { systems } from "../../../systems/registry.ts";
import type { Cell } from "./cells.ts";
import { evictionsOf } from "./evictions.ts";

/*
 *   SETEX v1 5  ├──┤                       the server sets the deadline somewhere in here
 *                    ├──┤ + 5 s            so it is somewhere in here: from its beginning on v1 may be gone,
 *                        ───► + 5 s        and so much later it has to be
 *   PERSIST, SET v2      ├──┤              was over before that, and began after v1 was set: it is off
 */

/** What this machine may count otherwise than a server on it, ms. */
export const EARLY_MS = 100;
/** A key that can be read so long after its deadline should have been gone, ms. */
export const LATE_MS = 5_000;

/** Deadlines of a load's keys: what they allow, and what they ask for; and what evictions allow. Run milliseconds. */
export class Expiries {
  readonly #load: LoadHistory;
  /** How coarsely its server counts, ms. */
  readonly #grain: number;
  /** Those that stand, by `#from`: when each may come, and until when its setting was over, the greatest up to each. */
  readonly #from: number[] = [];
  readonly #set: number[] = [];
  /** Since when any value may have been dropped; Infinity: never. */
  readonly #dropsFrom: number;
  #cell: Cell | undefined;

  constructor(load: LoadHistory, record: RunRecord) {
    this.#load = load;
    this.#grain = systems.get(record.first("run")?.system ?? "")?.deadlinesIn ?? 1;
    this.#dropsFrom = evictionsOf(record, Boolean(load.shape.ttl))?.from ?? Infinity;
  }

  /** Is there anything that may empty a cell of this load? */
  get any(): boolean {
    return Boolean(this.#load.shape.ttl) || this.#dropsFrom < Infinity;
  }

  /**
   * The cell that is asked about from now on.
   * @param isSure of an operation that ended well: it took effect, and in the order in which it was sent, on the node that is judged
   */
  begin(cell: Cell, isSure: (row: number) => boolean): void {
    this.#cell = cell;
    this.#from.length = 0;
    this.#set.length = 0;
    if (!this.#load.shape.ttl) return;
    const all: { from: number; set: number }[] = [];
    for (let i = 0; i < cell.length; i++) {
      const row = cell.order[i] as number;
      const deadline = this.#deadlineOf(row);
      if (deadline === null || deadline.ms === Infinity) continue;
      const from = (this.#load.operations.invoked[row] as number) + deadline.ms - EARLY_MS - this.#grain;
      const set = this.#end(row);
      if (!this.#isOff(cell, i, set, from, isSure)) all.push({ from, set });
    }
    all.sort((a, b) => a.from - b.from);
    for (const { from, set } of all) {
      this.#from.push(from);
      this.#set.push(Math.max(set, this.#set.at(-1) ?? -Infinity));
    }
  }

  /** May the cell have become empty by `before`, of a deadline that was not there for certain before `after`? */
  mayEmpty(after: number, before: number): boolean {
    return this.lastSet(before) >= after;
  }

  /**
   * Of the deadlines that may have come by `before`: until when the last one may have been set; -Infinity: there is none. Where values
   * are dropped, that is `before` itself.
   */
  lastSet(before: number): number {
    if (before >= this.#dropsFrom) return before;
    let low = 0;
    let high = this.#from.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#from[middle] as number) <= before) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? -Infinity : (this.#set[low - 1] as number);
  }

  /**
   * When the value of a write must be gone for certain, and the operation that set its deadline.
   * @param write row of a write of this cell @param isSure as in `begin`: of touches
   */
  goneBy(write: number, isSure: (row: number) => boolean): { t: number; by: number } {
    const { kind, outcome, invoked } = this.#load.operations;
    const cell = this.#cell;
    if (!cell || !this.#load.shape.ttl) return { t: Infinity, by: write };
    let by = write;
    const touches: number[] = [];
    for (let i = 0; i < cell.length; i++) {
      const row = cell.order[i] as number;
      if (kind[row] !== KIND.touch || outcome[row] === OUTCOME.fail) continue;
      touches.push(row);
      if (outcome[row] === OUTCOME.ok && (invoked[row] as number) > this.#end(write) && isSure(row)) by = row;
    }
    let t = this.latest(by);
    for (const row of touches) {
      // One that came when the key was gone found nothing.
      if (row !== by && this.#end(row) >= (invoked[by] as number) && (invoked[row] as number) <= t)
        t = Math.max(t, this.latest(row));
    }
    return { t, by };
  }

  /** null: the operation leaves no deadline (and none that it takes away), or it did not happen. */
  #deadlineOf(row: number): Deadline | null {
    const { kind, outcome, value } = this.#load.operations;
    const { ttl } = this.#load.shape;
    const isNone = kind[row] === KIND.read || outcome[row] === OUTCOME.fail || value[row] === NOTHING;
    return isNone || !ttl ? null : deadlineOf(ttl, value[row] as number);
  }

  /** When its deadline must have taken effect; Infinity: it sets none, or nobody knows when. */
  latest(row: number): number {
    const deadline = this.#deadlineOf(row);
    if (deadline === null) return Infinity;
    const { invoked } = this.#load.operations;
    // PEXPIREAT says when, whenever it is carried out.
    const set = hasValue(deadline) ? this.#end(row) : (invoked[row] as number);
    return set + deadline.ms + this.#grain + LATE_MS;
  }

  /** Something that was sent after a deadline had been set, and was over before it could come, took it away for certain. */
  #isOff(cell: Cell, i: number, set: number, from: number, isSure: (row: number) => boolean): boolean {
    const { kind, outcome, invoked, completed } = this.#load.operations;
    for (let k = i + 1; k < cell.length; k++) {
      const row = cell.order[k] as number;
      if ((invoked[row] as number) >= from) return false;
      const comes = kind[row] !== KIND.read && outcome[row] === OUTCOME.ok && (invoked[row] as number) > set;
      if (comes && (completed[row] as number) < from && isSure(row)) return true;
    }
    return false;
  }

  /** When an operation was over for certain. */
  #end(row: number): number {
    const { outcome, completed } = this.#load.operations;
    return outcome[row] === OUTCOME.ok ? (completed[row] as number) : Infinity;
  }
}
