import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../../journal/history.ts";
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
  readonly rows: number[] = [];
  /** What it holds in the beginning; null: nobody knows. */
  initial: number | null = null;
  readonly #load: LoadHistory;
  /** Written or read value → the register's number for it. */
  readonly #numbers = new Map<number, number>();
  /** By value: when the first of its reads was over. */
  readonly #seen = new Map<number, number>();

  constructor(load: LoadHistory) {
    this.#load = load;
  }

  /** @param reads rows of the term's reads, in order of invocation */
  fill(cell: Cell, term: Term, flushes: ShardFlushes, reads: readonly number[]): void {
    const { invoked, completed, value, kind, node } = this.#load.operations;
    this.#clear(term);
    for (const row of reads) {
      const [of, end] = [value[row] as number, completed[row] as number];
      this.#seen.set(of, Math.min(end, this.#seen.get(of) ?? Infinity));
    }
    const last = invoked[reads.at(-1) as number] as number;
    let read = 0;
    let flush = 0;
    for (let i = cell.from; i < cell.to; i++) {
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

  #clear(term: Term): void {
    this.history.clear();
    this.rows.length = 0;
    this.#numbers.clear();
    this.#numbers.set(NOTHING, NO_VALUE);
    this.#seen.clear();
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
    else if (value === NOTHING) {
      if (this.#seen.has(NOTHING)) this.#add(row, from, Infinity, false, value);
    } else {
      const seen = this.#seen.get(value);
      // Nobody saw it: the order is free to leave it out. Somebody did: it was there before that read was over.
      if (seen !== undefined) this.#add(row, from, Math.min(end, seen), false, value);
    }
  }

  #add(row: number, from: number, to: number, isRead: boolean, value: number): void {
    let number = this.#numbers.get(value);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(value, number);
    }
    this.rows.push(row);
    this.history.add(from, to, isRead, number);
  }
}
