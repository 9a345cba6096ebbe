import { emptyColumns, inCellOrder } from "../../harness/history/columns.ts";
import { KIND, type LoadHistory, type Operations, OUTCOME } from "../../harness/journal/history.ts";
import { type Clients, runClients } from "./run-clients.ts";

/** What the clients of a store that does nothing wrong saw; `stale`: but one read that finds what a much earlier one found. */
export async function historyOf(clients: Clients, stale: boolean): Promise<LoadHistory> {
  const all = emptyColumns(clients.operations);
  let row = 0;
  const add = (one: { [K in Exclude<keyof Operations, "length">]: number }): void => {
    all.cell[row] = one.cell;
    all.kind[row] = one.kind;
    all.outcome[row] = one.outcome;
    all.replicas[row] = one.replicas;
    all.client[row] = one.client;
    all.node[row] = one.node;
    all.invoked[row] = one.invoked;
    all.completed[row] = one.completed;
    all.value[row++] = one.value;
  };
  await runClients(clients, add, async () => {});
  const operations = inCellOrder(all);
  if (stale) spoil(operations);
  const shape = { type: "string", prefix: "key:", keys: clients.keys, elements: 1 } as const;
  return {
    load: "load",
    shape,
    nodes: ["m1", "r1"],
    operations,
    final: emptyColumns(0),
    foreign: [],
    incomplete: null,
  };
}

/** Within the cell of the row in the middle. */
function spoil({ length, cell, kind, value }: Operations): void {
  const own = cell[length >>> 1];
  const reads: number[] = [];
  for (let row = 0; row < length; row++) {
    if (cell[row] === own && kind[row] === KIND.read && (value[row] as number) > 0) reads.push(row);
  }
  value[reads.at(-1) as number] = value[reads[reads.length >>> 2] as number] as number;
}

/** The history as porcupine/main.go reads it. */
export function forPorcupine({ operations }: LoadHistory): Float64Array {
  const { length, cell, kind, outcome, invoked, completed, value } = operations;
  const fields: number[] = [];
  for (let row = 0; row < length; row++) {
    const end = outcome[row] === OUTCOME.ok ? completed[row] : Infinity;
    fields.push(...[cell, kind, value, invoked].map((column) => column[row] as number), end as number);
  }
  return Float64Array.from(fields);
}
