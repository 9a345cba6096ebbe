import { formatSeconds } from "../../../base/units.ts";
import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../../journal/history.ts";
import type { DataCheckContext } from "../data-check.ts";
import { operationText, valuesThat } from "../operation-text.ts";
import { cellWrites } from "./cell-reads.ts";
import type { Cell } from "./cells.ts";
import { Expiries } from "./expiries.ts";

/**
 * Judges, cell by cell, values that clients read long after their deadline, which goes with the value: so from any node. Adds the
 * first one of each node. @param told nodes whose final value has told of it already
 */
export function expiredReads(load: LoadHistory, { record, contradictions }: DataCheckContext) {
  const { kind, outcome, value, node, invoked, completed } = load.operations;
  const writes = cellWrites(load);
  const expiries = new Expiries(load, record);

  const add = (cell: number, name: string, read: number, write: number): void =>
    contradictions.add(
      { type: "resurrected-key", class: "expired-value", node: name },
      (count) => valuesThat(count, "had expired long before", `on ${name} all the same`),
      () => ({
        load,
        cell,
        from: invoked[read] as number,
        to: completed[read] as number,
        found: operationText(load, read),
        expected: "nothing, or a later value",
        proof: `a client got ${operationText(load, read)}, which had to be gone since ${formatSeconds(expiries.goneBy(write, noTouch).t, 3)}: ${operationText(load, write)}.`,
        marks: { operations: [write, read], final: [], flushes: [] },
      }),
    );

  return (cell: Cell, told: readonly string[]): void => {
    if (!load.shape.ttl) return;
    const found = new Set(told);
    writes.begin(cell);
    expiries.begin(cell, noTouch);
    for (let i = 0; i < cell.length; i++) {
      const row = cell.order[i] as number;
      if (kind[row] !== KIND.read || outcome[row] !== OUTCOME.ok || value[row] === NOTHING) continue;
      const write = writes.rowOf(value[row] as number);
      const name = load.nodes[node[row] as number] as string;
      const since = invoked[row] as number;
      if (write === -1 || found.has(name) || since <= expiries.latest(write)) continue;
      if (since <= expiries.goneBy(write, noTouch).t) continue;
      found.add(name);
      add(cell.cell, name, row, write);
    }
  };
}

/** Of a touch that another master carried out, this node may not know. */
function noTouch(): boolean {
  return false;
}
