import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../journal/history.ts";
import { cellWrites } from "./cells/cell-reads.ts";
import type { Cell } from "./cells/cells.ts";
import type { Contradictions } from "./contradictions.ts";
import { operationText, valuesThat, valueText } from "./operation-text.ts";

/**
 * Judges, cell by cell, values that clients read from any node and that no write to that cell put there, or only one that was
 * refused: adds the first one of each node. @param told nodes whose final value has told of it already
 */
export function phantomReads(load: LoadHistory, contradictions: Contradictions) {
  const { kind, outcome, value, node, invoked, completed } = load.operations;
  const writes = cellWrites(load);

  const add = (cell: number, name: string, read: number, write: number): void => {
    const refused = write !== -1;
    contradictions.add(
      { type: "phantom-value", class: refused ? "failed-write" : "never-written", node: name },
      (count) =>
        refused
          ? valuesThat(count, "only a refused write had carried", `on ${name}`)
          : valuesThat(count, "no write put there", `on ${name}`),
      () => ({
        load,
        cell,
        from: invoked[read] as number,
        to: completed[read] as number,
        found: valueText(load, value[read] as number),
        expected: "a value that was written to this key",
        proof: `a client got ${operationText(load, read)}; ${refused ? `that write was refused: ${operationText(load, write)}` : "no write put it there"}.`,
        marks: { operations: refused ? [read, write] : [read], final: [], flushes: [] },
      }),
    );
  };

  return (cell: Cell, told: readonly string[]): void => {
    const found = new Set(told);
    writes.begin(cell);
    for (let i = 0; i < cell.length; i++) {
      const row = cell.order[i] as number;
      if (kind[row] !== KIND.read || outcome[row] !== OUTCOME.ok || value[row] === NOTHING) continue;
      const write = writes.rowOf(value[row] as number);
      const name = load.nodes[node[row] as number] as string;
      if ((write !== -1 && outcome[write] !== OUTCOME.fail) || found.has(name)) continue;
      found.add(name);
      add(cell.cell, name, row, write);
    }
  };
}
