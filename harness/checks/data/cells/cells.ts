import type { LoadHistory, Operations } from "../../../journal/history.ts";
import type { Masters } from "../masters.ts";

/*
 *   operations  1 1 2 3 3 …   of a cell: m1 r1 m1 │ m1 │ …   ──► visit(cell 1 of m1's shard), visit(cell 1 of r1's), visit(cell 2 …
 *   final reads 1 1 2 2 3 3   the same
 *
 * Rows of a cell lie together, so only those of one cell are ever taken apart.
 */

/** What happened to one cell of one shard: two lists of row numbers. The same object for every visit. */
export interface Cell {
  cell: number;
  shard: number;
  /** Of all rows of `operations`. */
  shards: Uint8Array;
  /** Rows of `operations`, in order of invocation: order[0] … order[length - 1]. */
  order: Uint32Array;
  length: number;
  /** Rows of `final`. */
  finalOrder: Uint32Array;
  finalLength: number;
}

/** Visits every cell on which there was an operation, by number, with its final reads on the nodes of that shard. */
export function eachCell(load: LoadHistory, masters: Masters, visit: (cell: Cell) => void): void {
  const shards = shardOf(load.operations, load.nodes, (node, t) => masters.shardAt(node, t), masters.fixed);
  const finalShards = shardOf(load.final, load.nodes, () => undefined, masters.members);
  const { cell: cells, length } = load.operations;
  const { cell: finalCells } = load.final;
  const lists = { order: new Uint32Array(64), finalOrder: new Uint32Array(64) };
  const at: Cell = { cell: 0, shard: 0, shards, ...lists, length: 0, finalLength: 0 };
  for (let from = 0, to = 0, finalFrom = 0, finalTo = 0; from < length; from = to, finalFrom = finalTo) {
    at.cell = cells[from] as number;
    while (cells[to] === at.cell) to++;
    while ((finalCells[finalFrom] as number) < at.cell) finalFrom++;
    for (finalTo = finalFrom; finalCells[finalTo] === at.cell; ) finalTo++;
    at.order = roomFor(at.order, to - from);
    at.finalOrder = roomFor(at.finalOrder, finalTo - finalFrom);
    for (at.shard = next(shards, from, to, -1); at.shard < NO_SHARD; at.shard = next(shards, from, to, at.shard)) {
      at.length = rowsOf(at.shard, shards, from, to, at.order);
      at.finalLength = rowsOf(at.shard, finalShards, finalFrom, finalTo, at.finalOrder);
      visit(at);
    }
  }
}

function roomFor(list: Uint32Array, length: number): Uint32Array {
  return list.length >= length ? list : new Uint32Array(Math.ceil(1.25 * length));
}

/** The next shard behind `shard` that some of these rows belong to; NO_SHARD or more: there is none. */
function next(shards: Uint8Array, from: number, to: number, shard: number): number {
  let least = Infinity;
  for (let row = from; row < to; row++) {
    const own = shards[row] as number;
    if (own > shard && own < least) least = own;
  }
  return least;
}

/** Lists the rows of one shard; returns how many they are. */
function rowsOf(shard: number, shards: Uint8Array, from: number, to: number, list: Uint32Array): number {
  let count = 0;
  for (let row = from; row < to; row++) if (shards[row] === shard) list[count++] = row;
  return count;
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
