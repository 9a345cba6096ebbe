import type { Operations } from "../journal/history.ts";

/*
 *   rows as they were read:   cell 3 1 3 2 1 …  ──► by cell, 16 bits at a time ──►  1 1 2 3 3 …  ──► each cell's by time
 *
 * First the order as a list of row numbers, then every column is put into it, in place: no object per operation, and no second
 * copy of any column.
 */

const BITS = 16;
const BUCKETS = 1 << BITS;
/** Stretches so short are sorted one by one. */
const FEW = 16;

/** Empty columns for `length` operations: every value 0. Fill them in place. */
export function emptyColumns(length: number): Operations {
  return {
    length,
    cell: new Uint32Array(length),
    kind: new Uint8Array(length),
    outcome: new Uint8Array(length),
    replicas: new Uint8Array(length),
    client: new Uint16Array(length),
    node: new Uint16Array(length),
    invoked: new Float64Array(length),
    completed: new Float64Array(length),
    value: new Int32Array(length),
  };
}

/** Rows in any order as `Operations` have to be. The columns, which may be longer than `length`, are used again. */
export function inCellOrder(all: Operations): Operations {
  const { length } = all;
  const spare = new Uint32Array(length);
  const order = byCell(all.cell, length, spare);
  sortCells(order, all, spare);
  const sorted = <C extends Column>(column: C): C => {
    put(column, order, spare);
    return column;
  };
  return {
    length,
    cell: sorted(all.cell.subarray(0, length)),
    kind: sorted(all.kind.subarray(0, length)),
    outcome: sorted(all.outcome.subarray(0, length)),
    replicas: sorted(all.replicas.subarray(0, length)),
    client: sorted(all.client.subarray(0, length)),
    node: sorted(all.node.subarray(0, length)),
    invoked: sorted(all.invoked.subarray(0, length)),
    completed: sorted(all.completed.subarray(0, length)),
    value: sorted(all.value.subarray(0, length)),
  };
}

/** Row numbers by cell, those of one cell as they were. */
function byCell(cell: Uint32Array, length: number, spare: Uint32Array): Uint32Array {
  const order = new Uint32Array(length);
  let most = 0;
  for (let i = 0; i < length; i++) {
    order[i] = i;
    if ((cell[i] as number) > most) most = cell[i] as number;
  }
  for (let shift = 0; shift === 0 || (shift < 32 && most >>> shift > 0); shift += BITS) {
    const starts = new Uint32Array(BUCKETS + 1);
    for (let i = 0; i < length; i++) starts[(((cell[i] as number) >>> shift) & (BUCKETS - 1)) + 1]!++;
    for (let i = 0; i < BUCKETS; i++) starts[i + 1]! += starts[i] as number;
    for (let i = 0; i < length; i++) {
      const row = order[i] as number;
      spare[starts[((cell[row] as number) >>> shift) & (BUCKETS - 1)]!++] = row;
    }
    order.set(spare);
  }
  return order;
}

/** Sorts the rows of each cell by `invoked`; equal ones stay as they are. */
function sortCells(order: Uint32Array, { cell, invoked }: Operations, spare: Uint32Array): void {
  for (let from = 0, to = 0; from < order.length; from = to) {
    const own = cell[order[from] as number];
    while (to < order.length && cell[order[to] as number] === own) to++;
    sortByTime(order, from, to, invoked, spare);
  }
}

/** Merges stretches that are in order by themselves. Rows of one file nearly are, those of several only have to be joined. */
function sortByTime(order: Uint32Array, from: number, to: number, time: Float64Array, spare: Uint32Array): void {
  for (let start = from; start < to; start += FEW) {
    for (let i = start + 1; i < Math.min(to, start + FEW); i++) {
      const row = order[i] as number;
      const own = time[row] as number;
      let at = i;
      for (; at > start && (time[order[at - 1] as number] as number) > own; at--) order[at] = order[at - 1] as number;
      order[at] = row;
    }
  }
  for (let width = FEW; width < to - from; width *= 2) {
    for (let left = from; left + width < to; left += 2 * width) {
      merge(order, left, left + width, Math.min(left + 2 * width, to), time, spare);
    }
  }
}

function merge(order: Uint32Array, from: number, middle: number, to: number, time: Float64Array, spare: Uint32Array) {
  const first = time[order[middle] as number] as number;
  // What comes before the first of the right side stays where it is.
  let at = middle;
  while (at > from && (time[order[at - 1] as number] as number) > first) at--;
  const left = middle - at;
  for (let i = 0; i < left; i++) spare[i] = order[at + i] as number;
  let right = middle;
  for (let i = 0; i < left; ) {
    const row = spare[i] as number;
    const next = order[right] as number;
    if (right < to && (time[next] as number) < (time[row] as number)) {
      order[at++] = next;
      right++;
    } else {
      order[at++] = row;
      i++;
    }
  }
}

type Column = Operations["cell" | "kind" | "node" | "invoked" | "value"];

/** Words of 4 bytes at most are moved: what is kept of a column meanwhile takes no more than the order itself. */
function put(
  { buffer, byteOffset, length, BYTES_PER_ELEMENT: size }: Column,
  order: Uint32Array,
  spare: Uint32Array,
): void {
  const each = size === 8 ? 2 : 1;
  const words =
    size === 1
      ? new Uint8Array(buffer, byteOffset, length)
      : size === 2
        ? new Uint16Array(buffer, byteOffset, length)
        : new Uint32Array(buffer, byteOffset, length * each);
  for (let word = 0; word < each; word++) {
    for (let i = 0; i < length; i++) spare[i] = words[each * (order[i] as number) + word] as number;
    for (let i = 0; i < length; i++) words[each * i + word] = spare[i] as number;
  }
}
