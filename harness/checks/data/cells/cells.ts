import type { LoadHistory, Operations } from "../../../journal/history.ts";
import type { Masters } from "../masters.ts";

/*
 *   operations  3 1 3 2 1 …   ──► order by shard, by cell (stable) ──►  1 1 │ 2 │ 3 3 …    visit(cell): from … to
 *   final reads 1 1 2 2 3 3   ──► the same                         ──►  1 1 │ 2 2 │ 3 3
 *
 * Counting sort, 16 bits at a time: linear, and no object per operation.
 */

const BITS = 16;
const BUCKETS = 1 << BITS;

/** What happened to one cell of one shard: stretches of two lists of row numbers. The same object for every visit. */
export interface Cell {
  cell: number;
  shard: number;
  /** Rows of `operations`, in order of invocation: order[from] … order[to - 1]. */
  order: Uint32Array;
  from: number;
  to: number;
  /** Rows of `final`. */
  finalOrder: Uint32Array;
  finalFrom: number;
  finalTo: number;
}

/** Visits every cell on which there was an operation, by number, with its final reads on the nodes of that shard. */
export function eachCell(load: LoadHistory, masters: Masters, visit: (cell: Cell) => void): void {
  const shards = shardOf(load.operations, load.nodes, (node, t) => masters.shardAt(node, t), masters.fixed);
  const finalShards = shardOf(load.final, load.nodes, () => undefined, masters.members);
  const order = ordered(load.operations, shards);
  const finalOrder = ordered(load.final, finalShards);
  const { cell: cells } = load.operations;
  const { cell: finalCells } = load.final;
  const at: Cell = { cell: 0, shard: 0, order, from: 0, to: 0, finalOrder, finalFrom: 0, finalTo: 0 };
  let next = 0;
  while (at.to < order.length) {
    let row = order[at.to] as number;
    const cell = cells[row] as number;
    const shard = shards[row] as number;
    at.cell = cell;
    at.shard = shard;
    at.from = at.to;
    while (at.to < order.length && cells[row] === cell && shards[row] === shard) row = order[++at.to] as number;
    for (; next < finalOrder.length; next++) {
      const final = finalOrder[next] as number;
      const before = (finalCells[final] as number) - cell || (finalShards[final] as number) - shard;
      if (before >= 0) break;
    }
    at.finalFrom = next;
    for (; next < finalOrder.length; next++) {
      const final = finalOrder[next] as number;
      if (finalCells[final] !== cell || finalShards[final] !== shard) break;
    }
    at.finalTo = next;
    if (shard !== NO_SHARD) visit(at);
  }
}

/** The shard of a node that belongs to none. */
const NO_SHARD = 255;

function shardOf(
  { length, node, invoked }: Operations,
  nodes: readonly string[],
  at: (node: string, t: number) => number | undefined,
  fixed: ReadonlyMap<string, number> | null,
): Uint8Array {
  const shards = new Uint8Array(length);
  if (fixed) {
    const byNode = nodes.map((name) => fixed.get(name) ?? NO_SHARD);
    if (byNode.every((shard) => shard === 0)) return shards;
    for (let i = 0; i < length; i++) shards[i] = byNode[node[i] as number] as number;
  } else {
    for (let i = 0; i < length; i++)
      shards[i] = at(nodes[node[i] as number] as string, invoked[i] as number) ?? NO_SHARD;
  }
  return shards;
}

/** Row numbers by cell, then by shard, then as they were. */
function ordered({ length, cell }: Operations, shards: Uint8Array): Uint32Array {
  let from = new Uint32Array(length);
  let to = new Uint32Array(length);
  for (let i = 0; i < length; i++) from[i] = i;
  const pass = (digit: (row: number) => number): void => {
    const starts = new Uint32Array(BUCKETS + 1);
    for (let i = 0; i < length; i++) starts[digit(i) + 1]!++;
    for (let i = 0; i < BUCKETS; i++) starts[i + 1]! += starts[i] as number;
    for (let i = 0; i < length; i++) {
      const row = from[i] as number;
      to[starts[digit(row)]!++] = row;
    }
    [from, to] = [to, from];
  };
  let most = 0;
  let several = false;
  for (let i = 0; i < length; i++) {
    if ((cell[i] as number) > most) most = cell[i] as number;
    if (shards[i] !== shards[0]) several = true;
  }
  if (several) pass((row) => shards[row] as number);
  pass((row) => (cell[row] as number) & (BUCKETS - 1));
  if (most >= BUCKETS) pass((row) => (cell[row] as number) >>> BITS);
  return from;
}
