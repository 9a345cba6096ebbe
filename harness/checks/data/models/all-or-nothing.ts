import { KIND, type LoadHistory, OUTCOME } from "../../../journal/history.ts";
import { needsType } from "../../needs.ts";
import { cellWrites } from "../cells/cell-reads.ts";
import type { Cell } from "../cells/cells.ts";
import type { Contradiction } from "../contradictions.ts";
import { type DataCheckContext, dataCheck } from "../data-check.ts";
import { eachFinal } from "../judge-finals.ts";
import { operationText, valueText } from "../operation-text.ts";

/** Workloads whose writes give all keys of a group the same value. */
const WORKLOADS = "transaction, script or multi-key";

/** docs/checks/all-or-nothing.md says exactly what it promises. */
export const allOrNothing = dataCheck(
  {
    name: "all-or-nothing",
    summary:
      "Keys that are only written together hold one write's values everywhere, and never those of one that was refused.",
    types: ["group"],
    needs: (experiment) => needsType(experiment, ["group"], WORKLOADS),
    nothing: "no recorded write of several keys was acknowledged",
  },
  (judging) => (load) => judgeLoad(load, judging),
);

/** Returns how many writes were acknowledged. */
function judgeLoad(load: LoadHistory, judging: DataCheckContext): number {
  const { operations, final } = load;
  const writes = cellWrites(load);
  let acknowledged = 0;
  let partly = 0;
  eachFinal(load, judging, (cell, finals) => {
    writes.begin(cell);
    const loose = doneInPart(load, cell);
    partly += loose;
    for (let i = 0; i < cell.length; i++) {
      const row = cell.order[i] as number;
      if (operations.outcome[row] !== OUTCOME.ok) continue;
      if (operations.kind[row] === KIND.write) acknowledged++;
      else judge(cell, operations, row, false, loose > 0);
    }
    for (const row of finals) judge(cell, final, row, true, loose > 0);
  });
  if (partly > 0) {
    const which = `${partly} writes of ${load.load} were answered with an error among their replies`;
    judging.remarks.add(`${which}: no server rolls back, so values that are torn there are not judged`);
  }
  return acknowledged;

  /** Judges a read, of a client or in the end. */
  function judge(cell: Cell, of: LoadHistory["final"], row: number, last: boolean, loose: boolean): void {
    const value = of.value[row] as number;
    const write = value > 0 ? writes.rowOf(value) : -1;
    const refused = write !== -1 && operations.outcome[write] === OUTCOME.fail;
    if (value >= 0 && !refused) return;
    if (value < 0 && loose) return;
    const node = load.nodes[of.node[row] as number] as string;
    const where = last ? `on ${node} in the end` : `by a client of ${node}`;
    judging.contradictions.add(
      { type: "torn-write", class: refused ? "refused" : last ? "torn" : "torn-read", node },
      (count) => `${count} ${count === 1 ? "group" : "groups"} of keys ${refused ? REFUSED : TORN} ${where}.`,
      (): Contradiction => ({
        load,
        cell: cell.cell,
        from: of.invoked[row] as number,
        to: last ? null : (of.completed[row] as number),
        found: valueText(load, value),
        expected: refused ? "no value of a write that was refused" : "one write's value in all keys, or none",
        proof: refused
          ? `${operationText(load, write)} was refused, and its value was found ${where}.`
          : `${valueText(load, value)} of ${load.shape.parts} keys was found ${where}; every write gives all of them the same value.`,
        marks: {
          operations: [...(last ? [] : [row]), ...(refused ? [write] : [])],
          final: last ? [row] : [],
          flushes: [],
        },
      }),
    );
  }
}

const TORN = "that are only written together were found with different values";
const REFUSED = "were found with the value of a write that was refused";

/** How many of a group's writes may have happened in part, as their replies said. */
function doneInPart({ operations }: LoadHistory, { order, length }: Cell): number {
  let count = 0;
  for (let i = 0; i < length; i++) {
    const row = order[i] as number;
    if (operations.outcome[row] === OUTCOME.info && !Number.isNaN(operations.completed[row])) count++;
  }
  return count;
}
