import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../../journal/history.ts";
import type { Masters } from "../masters.ts";
import type { Term } from "../term.ts";
import type { Cell } from "./cells.ts";

export type CellWrites = ReturnType<typeof cellWrites>;

/** Looks up, cell after cell, which write wrote a value. */
export function cellWrites({ operations }: LoadHistory) {
  const { kind, value, cell: cells, length } = operations;
  let most = 0;
  for (let row = 0; row < length; row++) most = Math.max(most, value[row] as number);
  /** By value: row + 1 of the last write that was gathered, of this cell or of one before. */
  const rows = new Uint32Array(most + 1);
  let cell: Cell | undefined;
  /** Its writes are gathered: most cells are never asked about. */
  let gathered = false;

  const gather = ({ order, length: count }: Cell): void => {
    for (let i = 0; i < count; i++) {
      const row = order[i] as number;
      if (kind[row] === KIND.write && value[row] !== NOTHING) rows[value[row] as number] = row + 1;
    }
  };

  return {
    /** The cell that is asked about from now on. */
    begin(asked: Cell): void {
      cell = asked;
      gathered = false;
    },
    /** Row of the write of a value to this cell, whatever became of it; -1: there is none. */
    rowOf(written: number): number {
      if (!cell) return -1;
      if (!gathered) gather(cell);
      gathered = true;
      const row = (rows[written] ?? 0) - 1;
      return row >= 0 && cells[row] === cell.cell && cell.shards[row] === cell.shard ? row : -1;
    },
  };
}

/** Visits, cell by cell, the reads that a master answered within one of its terms, term by term, in order of invocation. */
export function termReads(load: LoadHistory, masters: Masters) {
  const { kind, outcome, invoked } = load.operations;
  /** By shard, in order of time. */
  const termsOf = Array.from({ length: masters.shards }, (_, i) => masters.terms.filter(({ shard }) => shard === i));
  const rows: number[] = [];
  const leave = (term: Term, visit: (term: Term, rows: readonly number[]) => void): void => {
    if (rows.length > 0) visit(term, rows);
    rows.length = 0;
  };

  /** @param visit gets terms with at least one read; the list is used again afterwards */
  return (cell: Cell, visit: (term: Term, rows: readonly number[]) => void): void => {
    const terms = termsOf[cell.shard] ?? [];
    let at = 0;
    rows.length = 0;
    for (let i = 0; i < cell.length; i++) {
      const row = cell.order[i] as number;
      if (kind[row] !== KIND.read || outcome[row] !== OUTCOME.ok) continue;
      const time = invoked[row] as number;
      while (at < terms.length && (terms[at] as Term).to <= time) leave(terms[at++] as Term, visit);
      const term = terms[at];
      if (!term) return;
      if (tookEffectIn(load, term, row)) rows.push(row);
    }
    const last = terms[at];
    if (last) leave(last, visit);
  };
}

/** Was an operation that ended well carried out by the term's master, within the term? */
export function tookEffectIn({ operations, nodes }: LoadHistory, term: Term, row: number): boolean {
  const { invoked, completed, node } = operations;
  const isIn = (invoked[row] as number) >= term.settled && (completed[row] as number) <= term.to;
  return isIn && nodes[node[row] as number] === term.node;
}
