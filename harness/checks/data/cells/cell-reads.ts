import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../../journal/history.ts";
import type { Masters } from "../masters.ts";
import type { Term } from "../term.ts";
import type { Cell } from "./cells.ts";

export type CellWrites = ReturnType<typeof cellWrites>;

/** Looks up, cell after cell, which write wrote a value. */
export function cellWrites({ operations }: LoadHistory) {
  const { kind, value } = operations;
  const rows = new Map<number, number>();
  /** Its writes are not gathered yet: most cells are never asked about. */
  let ahead: Cell | null = null;

  const gather = ({ order, from, to }: Cell): void => {
    ahead = null;
    rows.clear();
    for (let i = from; i < to; i++) {
      const row = order[i] as number;
      if (kind[row] === KIND.write && value[row] !== NOTHING) rows.set(value[row] as number, row);
    }
  };

  return {
    /** The cell that is asked about from now on. */
    begin(cell: Cell): void {
      ahead = cell;
    },
    /** Row of the write of a value to this cell, whatever became of it; -1: there is none. */
    rowOf(written: number): number {
      if (ahead) gather(ahead);
      return rows.get(written) ?? -1;
    },
  };
}

/** Visits, cell by cell, the reads that a master answered within one of its terms, term by term, in order of invocation. */
export function termReads({ operations, nodes }: LoadHistory, masters: Masters) {
  const { kind, outcome, invoked, completed, node } = operations;
  /** By shard, in order of time. */
  const termsOf = Array.from({ length: masters.shards }, (_, i) => masters.terms.filter(({ shard }) => shard === i));
  const rows: number[] = [];

  /** @param visit gets terms with at least one read; the list is used again afterwards */
  return (cell: Cell, visit: (term: Term, rows: readonly number[]) => void): void => {
    const terms = termsOf[cell.shard] ?? [];
    const leave = (term: Term): void => {
      if (rows.length > 0) visit(term, rows);
      rows.length = 0;
    };
    let at = 0;
    rows.length = 0;
    for (let i = cell.from; i < cell.to; i++) {
      const row = cell.order[i] as number;
      if (kind[row] !== KIND.read || outcome[row] !== OUTCOME.ok) continue;
      const time = invoked[row] as number;
      while (at < terms.length && (terms[at] as Term).to <= time) leave(terms[at++] as Term);
      const term = terms[at];
      if (!term) return;
      const isIn = time >= term.settled && (completed[row] as number) <= term.to;
      if (isIn && nodes[node[row] as number] === term.node) rows.push(row);
    }
    const last = terms[at];
    if (last) leave(last);
  };
}
