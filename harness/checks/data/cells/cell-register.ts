import { KIND, type LoadHistory, NOTHING, type Operations, OUTCOME } from "../../../journal/history.ts";
import type { Flush, ShardFlushes } from "../flushes.ts";
import { NO_VALUE, RegisterHistory } from "../register-history.ts";
import type { Term } from "../term.ts";
import type { Cell } from "./cells.ts";

/*
 *   term                 settled ├───────────────────────────┤ to
 *   acknowledged in it               w ├──┤                      has to be in the order
 *   not answered, over late             w ├────────────···       may be: when it was read, before that read was over
 *   begun early                w ├────┤                          may be: it may belong to what the register began with
 *   other nodes, earlier     w ├─┤                               is in what the register began with
 */

/** One cell on one master in one of its terms, as a register; used again for the next. */
export class CellRegister {
  readonly history = new RegisterHistory();
  /** Row of the load's operations for each of the history's; -(n + 1): the n-th flush of the shard. */
  rows = new Int32Array(64);
  /** What it holds in the beginning; null: nobody knows. */
  initial: number | null = null;
  readonly #load: LoadHistory;
  /** By value, the least in front: the register's number for it, or 0. */
  readonly #numbers: Uint32Array;
  readonly #least: number;
  /** By the register's number: when the first of its reads was over; Infinity: nobody read it. */
  #seen = new Float64Array(64);
  /** Numbers that values have. */
  #count = 1;

  constructor(load: LoadHistory) {
    this.#load = load;
    const [least, most] = rangeOf(load.operations);
    this.#least = least;
    this.#numbers = new Uint32Array(most - least + 1);
  }

  /** @param reads rows of the term's reads, in order of invocation */
  fill(cell: Cell, term: Term, flushes: ShardFlushes, reads: readonly number[]): void {
    const { invoked, completed, value, kind, node } = this.#load.operations;
    this.#clear(term, cell.length + flushes.all.length);
    let last = -Infinity;
    for (const row of reads) {
      last = Math.max(last, completed[row] as number);
      const number = this.#numberOf(value[row] as number);
      this.#seen[number] = Math.min(completed[row] as number, this.#seen[number] as number);
    }
    let read = 0;
    let flush = 0;
    for (let i = 0; i < cell.length; i++) {
      const row = cell.order[i] as number;
      const from = invoked[row] as number;
      for (; flush < flushes.all.length && (flushes.all[flush] as Flush).invoked <= from; flush++)
        this.#addFlush(flushes.all[flush] as Flush, flush, term);
      if (row === reads[read]) {
        read++;
        this.#add(row, from, completed[row] as number, true, value[row] as number);
      } else if (kind[row] === KIND.write && from <= term.to && this.#load.nodes[node[row] as number] === term.node) {
        this.#addWrite(row, from, term);
      }
    }
    for (; flush < flushes.all.length; flush++) {
      const one = flushes.all[flush] as Flush;
      if (one.invoked <= last) this.#addFlush(one, flush, term);
    }
  }

  /** @param most operations to come */
  #clear(term: Term, most: number): void {
    const { value } = this.#load.operations;
    for (let i = 0; i < this.history.length; i++) {
      const row = this.rows[i] as number;
      if (row >= 0) this.#numbers[(value[row] as number) - this.#least] = 0;
    }
    this.history.clear(most);
    if (this.rows.length < most) {
      this.rows = new Int32Array(most);
      this.#seen = new Float64Array(most + 1);
    }
    this.#count = 1;
    this.#seen[NO_VALUE] = Infinity;
    this.initial = term.first ? NO_VALUE : null;
  }

  #addWrite(row: number, from: number, term: Term): void {
    const { outcome, completed, value } = this.#load.operations;
    if (outcome[row] === OUTCOME.fail) return;
    const end = outcome[row] === OUTCOME.ok ? (completed[row] as number) : Infinity;
    if (end < term.settled) return;
    const written = value[row] as number;
    this.#addEffect(row, from, end, from >= term.settled && end <= term.to, written);
  }

  #addFlush(flush: Flush, number: number, term: Term): void {
    const { invoked, acknowledged, node } = flush;
    if (acknowledged < term.settled || invoked > term.to) return;
    const sure = node === term.node && invoked >= term.settled && acknowledged <= term.to;
    this.#addEffect(-(number + 1), invoked, acknowledged, sure, NOTHING);
  }

  /** @param sure it took effect within the term; otherwise it may have, or not */
  #addEffect(row: number, from: number, end: number, sure: boolean, value: number): void {
    if (sure && end !== Infinity) this.#add(row, from, end, false, value);
    else {
      const seen = this.#seen[value === NOTHING ? NO_VALUE : this.#numbers[value - this.#least] || -1] ?? Infinity;
      // Nobody saw it: the order is free to leave it out. Somebody did: it was there before that read was over.
      if (seen !== Infinity) this.#add(row, from, value === NOTHING ? Infinity : Math.min(end, seen), false, value);
    }
  }

  #add(row: number, from: number, to: number, isRead: boolean, value: number): void {
    this.rows[this.history.length] = row;
    this.history.add(from, to, isRead, this.#numberOf(value));
  }

  #numberOf(value: number): number {
    if (value === NOTHING) return NO_VALUE;
    const known = this.#numbers[value - this.#least] as number;
    if (known > 0) return known;
    const number = this.#count++;
    this.#seen[number] = Infinity;
    this.#numbers[value - this.#least] = number;
    return number;
  }
}

/** The least and the greatest value. */
function rangeOf({ value, length }: Operations): [number, number] {
  let [least, most] = [NOTHING, NOTHING];
  for (let row = 0; row < length; row++) {
    const one = value[row] as number;
    if (one < least) least = one;
    if (one > most) most = one;
  }
  return [least, most];
}
