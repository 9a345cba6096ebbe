import type { Random } from "../../base/random.ts";
import { NOTHING, type Operations, OUTCOME } from "../../journal/history.ts";
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
  | "flush-early";

export const DROP_EVERY = 10_000;

/** One effect on the master, as its replicas get it. */
export interface Entry {
  t: number;
  /** ALL_CELLS: a flush. */
  cell: number;
  value: number;
  /** The operation that did it; absent: a flush. */
  row?: number;
}

export const ALL_CELLS = -1;

export function apply(state: Float64Array, { cell, value }: Entry): void {
  if (cell === ALL_CELLS) state.fill(NOTHING);
  else state[cell] = value;
}

export interface Stricken {
  log: readonly Entry[];
  /** What each node holds in the end. */
  states: readonly Float64Array[];
  operations: Operations;
  flushes: readonly ModelFlush[];
  random: Random;
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
  }
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
  const cells = [...before.keys()].filter((cell) => {
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
