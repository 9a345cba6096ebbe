import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../journal/history.ts";
import { CellWrites } from "./cells/cell-reads.ts";
import type { Cell } from "./cells/cells.ts";
import type { Contradictions } from "./contradictions.ts";
import { operationText, valuesThat, valueText } from "./operation-text.ts";

/** Values that clients read from any node and that no write to that cell put there, or only one that was refused. */
export class PhantomReads {
  readonly #load: LoadHistory;
  readonly #contradictions: Contradictions;
  readonly #writes: CellWrites;

  constructor(load: LoadHistory, contradictions: Contradictions) {
    this.#load = load;
    this.#contradictions = contradictions;
    this.#writes = new CellWrites(load);
  }

  /** Adds the first one of each node. @param told nodes whose final value has told of it already */
  judge(cell: Cell, told: readonly string[]): void {
    const { operations, nodes } = this.#load;
    const found = new Set(told);
    this.#writes.begin(cell);
    for (let i = cell.from; i < cell.to; i++) {
      const row = cell.order[i] as number;
      if (operations.kind[row] !== KIND.read || operations.outcome[row] !== OUTCOME.ok) continue;
      if (operations.value[row] === NOTHING) continue;
      const write = this.#writes.rowOf(operations.value[row] as number);
      const node = nodes[operations.node[row] as number] as string;
      if ((write !== -1 && operations.outcome[write] !== OUTCOME.fail) || found.has(node)) continue;
      found.add(node);
      this.#add(cell.cell, node, row, write);
    }
  }

  #add(cell: number, node: string, read: number, write: number): void {
    const load = this.#load;
    const { invoked, completed, value } = load.operations;
    const refused = write !== -1;
    this.#contradictions.add(
      { type: "phantom-value", class: refused ? "failed-write" : "never-written", node },
      (count) =>
        refused
          ? valuesThat(count, "only a refused write had carried", `on ${node}`)
          : valuesThat(count, "no write put there", `on ${node}`),
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
  }
}
