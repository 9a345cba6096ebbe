import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../../journal/history.ts";
import type { Masters } from "../masters.ts";
import type { Term } from "../term.ts";
import type { Cell } from "./cells.ts";

/** Looks up, cell after cell, which write wrote a value. */
export class CellWrites {
  readonly #load: LoadHistory;
  readonly #rows = new Map<number, number>();
  /** Its writes are not gathered yet: most cells are never asked about. */
  #ahead: Cell | null = null;

  constructor(load: LoadHistory) {
    this.#load = load;
  }

  /** The cell that is asked about from now on. */
  begin(cell: Cell): void {
    this.#ahead = cell;
  }

  /** Row of the write of a value to this cell, whatever became of it; -1: there is none. */
  rowOf(value: number): number {
    if (this.#ahead) this.#gather(this.#ahead);
    return this.#rows.get(value) ?? -1;
  }

  #gather({ order, from, to }: Cell): void {
    const { kind, value } = this.#load.operations;
    this.#ahead = null;
    this.#rows.clear();
    for (let i = from; i < to; i++) {
      const row = order[i] as number;
      if (kind[row] === KIND.write && value[row] !== NOTHING) this.#rows.set(value[row] as number, row);
    }
  }
}

/** The reads of a cell that a master answered within one of its terms, term by term, in order of invocation. */
export class TermReads {
  readonly #load: LoadHistory;
  /** By shard, in order of time. */
  readonly #terms: readonly (readonly Term[])[];
  readonly #rows: number[] = [];

  constructor(load: LoadHistory, masters: Masters) {
    this.#load = load;
    this.#terms = Array.from({ length: masters.shards }, (_, i) => masters.terms.filter(({ shard }) => shard === i));
  }

  /** @param visit gets terms with at least one read; the list is used again afterwards */
  each(cell: Cell, visit: (term: Term, rows: readonly number[]) => void): void {
    const terms = this.#terms[cell.shard] ?? [];
    const { kind, outcome, invoked, completed, node } = this.#load.operations;
    let at = 0;
    this.#rows.length = 0;
    for (let i = cell.from; i < cell.to; i++) {
      const row = cell.order[i] as number;
      if (kind[row] !== KIND.read || outcome[row] !== OUTCOME.ok) continue;
      const time = invoked[row] as number;
      while (at < terms.length && (terms[at] as Term).to <= time) this.#leave(terms[at++] as Term, visit);
      const term = terms[at];
      if (!term) return;
      const isIn = time >= term.settled && (completed[row] as number) <= term.to;
      if (isIn && this.#load.nodes[node[row] as number] === term.node) this.#rows.push(row);
    }
    const last = terms[at];
    if (last) this.#leave(last, visit);
  }

  #leave(term: Term, visit: (term: Term, rows: readonly number[]) => void): void {
    if (this.#rows.length > 0) visit(term, this.#rows);
    this.#rows.length = 0;
  }
}
