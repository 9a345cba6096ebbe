import type { LoadHistory } from "../../journal/history.ts";
import { needsRecorded } from "../needs.ts";
import { cellWrites, termReads, tookEffectIn } from "./cells/cell-reads.ts";
import { eachCell } from "./cells/cells.ts";
import { Expiries } from "./cells/expiries.ts";
import type { Contradiction } from "./contradictions.ts";
import { dataCheck } from "./data-check.ts";
import type { ShardFlushes } from "./flushes.ts";
import { type WentBack, wentBack } from "./going-back.ts";
import { keysWhose, operationText } from "./operation-text.ts";

/** docs/checks/per-key-order.md says exactly what it promises. */
export const perKeyOrder = dataCheck(
  {
    name: "per-key-order",
    summary: "Reads of one key from one master never go back to an older value while it stays the master.",
    needs: (experiment) => needsRecorded(experiment, "read"),
    nothing: "no recorded load read anything from a master",
  },
  (judging) => (load) => {
    const { record, masters, flushes, contradictions } = judging;
    const expiries = new Expiries(load, record);
    const writes = cellWrites(load);
    const eachTerm = termReads(load, masters);
    let judged = 0;
    eachCell(load, masters, (cell) => {
      writes.begin(cell);
      const told = new Set<string>();
      eachTerm(cell, (term, rows) => {
        const { node } = term;
        judged += rows.length;
        if (rows.length < 2 || told.has(node)) return;
        expiries.begin(cell, (row) => tookEffectIn(load, term, row));
        const back = wentBack(load, cell, flushes.shards[cell.shard] as ShardFlushes, expiries, writes, rows);
        if (!back) return;
        told.add(node);
        contradictions.add(
          { type: "stale-read", class: "went-back", node },
          (count) => keysWhose(count, `reads from ${node} went back to an older value while it was the master`),
          () => contradiction(load, cell.cell, back),
        );
      });
    });
    return judged;
  },
);

function contradiction(load: LoadHistory, cell: number, { earlier, seen, later, shown }: WentBack): Contradiction {
  const { invoked, completed } = load.operations;
  const newer = operationText(load, seen);
  const before = `the write of ${newer} was seen by ${operationText(load, earlier)}`;
  return {
    load,
    cell,
    from: invoked[later] as number,
    to: completed[later] as number,
    found: operationText(load, later),
    expected: `${newer}, or a later value`,
    proof:
      shown === -1
        ? `${before}; after that, ${operationText(load, later)}, and nothing had removed it.`
        : `${before}; after that, ${operationText(load, later)}, which is older: ${operationText(load, shown)}.`,
    marks: { operations: [seen, earlier, later, ...(shown === -1 ? [] : [shown])], final: [], flushes: [] },
  };
}
