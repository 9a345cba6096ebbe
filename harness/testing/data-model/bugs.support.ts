import type { Random } from "../../base/random.ts";
import { KIND, NOTHING, type Operations, OUTCOME } from "../../journal/history.ts";
import type { ModelFlush } from "./events.support.ts";

/** What a store does wrong. Of writes, one in DROP_EVERY; of the rest, once in a run. */
export type Bug =
  /** The master acknowledges a write and forgets it. */
  | "drop-write"
  /** r1 leaves a write out. */
  | "drop-on-replica"
  /** A key that was flushed is there again, on one of the nodes. */
  | "resurrect"
  /** r1 carries out a flush after writes that came after it, or before writes that came before it. */
  | "flush-late"
  | "flush-early"
  /** r1 has lost a key long before its deadline, or keeps one that has expired. */
  | "expire-early"
  | "expire-never";

export const DROP_EVERY = 10_000;

/** One effect on the master, as its replicas get it. */
export interface Entry {
  t: number;
  /** ALL_CELLS: a flush. */
  cell: number;
  value: number;
  /** When the key expires; Infinity: never. Absent: never. */
  deadline?: number;
  /** Only the deadline changes, of a key that is there. */
  touches?: boolean;
  /** The operation that did it; absent: a flush. */
  row?: number;
}

export const ALL_CELLS = -1;

/** Values of cells, and in its second half when they expire; 0: never. */
export function apply(state: Float64Array, { t, cell, value, deadline = Infinity, touches = false }: Entry): void {
  if (cell === ALL_CELLS) state.fill(NOTHING);
  else if (!touches || valueAt(state, cell, t) !== NOTHING) {
    if (!touches) state[cell] = value;
    state[state.length / 2 + cell] = deadline === Infinity ? 0 : deadline;
  }
}

/** What a cell holds at a time. */
export function valueAt(state: Float64Array, cell: number, t: number): number {
  const deadline = state[state.length / 2 + cell] as number;
  return deadline > 0 && t >= deadline ? NOTHING : (state[cell] as number);
}

export interface Stricken {
  log: readonly Entry[];
  /** What each node holds in the end. */
  states: readonly Float64Array[];
  operations: Operations;
  flushes: readonly ModelFlush[];
  random: Random;
  /** When the nodes are read in the end. */
  end: number;
}

/** What a bug did, and to which cell; null: to many. */
export interface Strike {
  what: string;
  cell: number | null;
}

/** Spoils what nodes hold in the end as the bug would have done. Returns what it did; []: it had no opportunity. */
export function strike(bug: Bug, run: Stricken): Strike[] {
  switch (bug) {
    case "drop-write":
      return [];
    case "drop-on-replica":
      return dropOnReplica(run);
    case "resurrect":
      return resurrect(run);
    case "flush-late":
      return moveFlush(run, 1);
    case "flush-early":
      return moveFlush(run, -1);
    case "expire-early":
      return expireWrongly(run, (deadline) => deadline > run.end, NOTHING);
    case "expire-never":
      return expireWrongly(run, (deadline) => deadline < run.end - 10_000, null);
  }
}

/** r1 holds `value` (null: what it had) for good, of a cell with such a deadline whose last operation came after all others. */
function expireWrongly(
  { states, operations, random }: Stricken,
  isOne: (deadline: number) => boolean,
  value: number | null,
): Strike[] {
  const state = states[1] as Float64Array;
  const { kind, outcome, invoked, completed, value: values, cell: cellOf } = operations;
  /** By cell: the last operation that was not a read, and when those before it were over. */
  const lasts = new Map<number, { row: number; over: number }>();
  for (let row = 0; row < operations.length; row++) {
    if (kind[row] === KIND.read) continue;
    const before = lasts.get(cellOf[row] as number);
    const end = before && (outcome[before.row] === OUTCOME.info ? Infinity : (completed[before.row] as number));
    lasts.set(cellOf[row] as number, { row, over: Math.max(before?.over ?? 0, end ?? 0) });
  }
  const cells = [...lasts].flatMap(([cell, { row, over }]) => {
    const isLast = values[row] === state[cell] && kind[row] === KIND.write && outcome[row] === OUTCOME.ok;
    const deadline = state[state.length / 2 + cell] as number;
    return isLast && over < (invoked[row] as number) && deadline > 0 && isOne(deadline) ? cell : [];
  });
  if (cells.length === 0) return [];
  const cell = random.pick(cells);
  if (value !== null) state[cell] = value;
  state[state.length / 2 + cell] = 0;
  return [{ what: `cell ${cell} of r1`, cell }];
}

function dropOnReplica({ log, states, random }: Stricken): Strike[] {
  const state = (states[1] as Float64Array).fill(NOTHING);
  const at = random.int(0, DROP_EVERY - 1);
  const dropped: Strike[] = [];
  let writes = 0;
  for (const entry of log) {
    if (entry.cell !== ALL_CELLS && writes++ % DROP_EVERY === at)
      dropped.push({ what: `v${entry.value}`, cell: entry.cell });
    else apply(state, entry);
  }
  return dropped;
}

function resurrect({ log, states, operations, flushes, random }: Stricken): Strike[] {
  const flush = flushes.findLast(({ acknowledged }) => acknowledged !== null);
  if (!flush) return [];
  const before = (states[0] as Float64Array).slice().fill(NOTHING);
  for (const entry of log) if (entry.t < flush.executed) apply(before, entry);
  const cells = [...before.subarray(0, before.length / 2).keys()].filter((cell) => {
    const write = (before[cell] as number) - 1;
    if (write < 0 || operations.outcome[write] !== OUTCOME.ok) return false;
    return (operations.completed[write] as number) < flush.invoked;
  });
  if (cells.length === 0) return [];
  const [cell, node] = [random.pick(cells), random.int(0, states.length - 1)];
  (states[node] as Float64Array)[cell] = before[cell] as number;
  return [{ what: `v${before[cell]} on node ${node}`, cell }];
}

function moveFlush({ log, states, random }: Stricken, direction: 1 | -1): Strike[] {
  const at = log.findLastIndex(({ cell }) => cell === ALL_CELLS);
  const to = at + direction * random.int(50, 150);
  if (at === -1 || to < 0 || to >= log.length) return [];
  const moved = log.toSpliced(at, 1);
  moved.splice(to, 0, log[at] as Entry);
  const state = (states[1] as Float64Array).fill(NOTHING);
  for (const entry of moved) apply(state, entry);
  return [{ what: `the flush at ${(log[at] as Entry).t} ms, by ${to - at} entries`, cell: null }];
}
