import { ChaosError } from "../base/chaos-error.ts";
import { emptyColumns, inCellOrder } from "../history/columns.ts";
import { KIND, type LoadHistory, NOT_ASKED, type Operations, OUTCOME } from "../journal/history.ts";

/** One operation as a person writes it: what the columns of `Operations` hold, in words. */
export interface OperationRow {
  cell: number;
  kind: keyof typeof KIND;
  outcome: keyof typeof OUTCOME;
  /** Run milliseconds. */
  invoked: number;
  /** Run milliseconds; null: there was no reply. */
  completed: number | null;
  /** NOTHING, the number of a write, or -(n + 1) for the n-th foreign value. */
  value: number;
  /** Default 0. */
  client?: number;
  /** Default: the first of `nodes`. */
  node?: string;
  /** Default NOT_ASKED. */
  replicas?: number;
}

/** A history in memory, from operations in any order: what tests of the checks judge. */
export function buildHistory(load: {
  load: string;
  shape: LoadHistory["shape"];
  nodes: readonly string[];
  operations: readonly OperationRow[];
  final: readonly OperationRow[];
  foreign?: readonly string[];
  incomplete?: string | null;
}): LoadHistory {
  const { nodes, operations, final, foreign = [], incomplete = null } = load;
  return { ...load, operations: build(operations, nodes), final: build(final, nodes), foreign, incomplete };
}

function build(rows: readonly OperationRow[], nodes: readonly string[]): Operations {
  const built = emptyColumns(rows.length);
  for (const [i, row] of rows.entries()) {
    const node = row.node === undefined ? 0 : nodes.indexOf(row.node);
    if (node < 0) throw new ChaosError("internal", `the operation on ${row.node} names none of ${nodes.join(", ")}`);
    built.cell[i] = row.cell;
    built.kind[i] = KIND[row.kind];
    built.outcome[i] = OUTCOME[row.outcome];
    built.replicas[i] = row.replicas ?? NOT_ASKED;
    built.client[i] = row.client ?? 0;
    built.node[i] = node;
    built.invoked[i] = row.invoked;
    built.completed[i] = row.completed ?? Number.NaN;
    built.value[i] = row.value;
  }
  return inCellOrder(built);
}
