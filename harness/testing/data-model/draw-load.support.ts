import type { Random } from "../../base/random.ts";
import { emptyColumns } from "../../history/columns.ts";
import { KIND, NOT_ASKED, NOTHING, type Operations, OUTCOME } from "../../journal/history.ts";
import { deadlineOf, hasValue, type TimeToLive } from "../../journal/time-to-live.ts";

export interface LoadOptions {
  operations: number;
  cells: number;
  clients: number;
  /** Share of reads, 0..1. */
  reads: number;
  /** Keys that expire. */
  ttl?: TimeToLive;
}

export interface DrawnLoad {
  /** Outcomes as the clients and the network make them; reads have no values yet. */
  operations: Operations;
  /** When each gets to the server; Infinity: never. */
  executed: Float64Array;
}

/** The first operation, ms of the run. */
export const BEGIN = 12_000;
/** On average from one operation of a client to its next, ms. */
const PERIOD = 1.5;
const TIMEOUT = 50;
/** A request whose reply got lost may still be carried out so much later, ms. */
const LATE = 2_000;
const DELETES = 0.03;
const ON_REPLICAS = 0.1;

/** About when the last operation ends. */
export function endOf({ operations, clients }: LoadOptions): number {
  return BEGIN + (operations / clients) * PERIOD;
}

/** What the clients do, each one operation after another. @param masterAt number of the node that is meant to be master */
export function drawLoad(options: LoadOptions, random: Random, masterAt: (t: number) => number): DrawnLoad {
  const { operations: length, clients } = options;
  const operations = emptyColumns(length);
  const executed = new Float64Array(length);
  const next = Array.from({ length: clients }, () => BEGIN + random.next() * PERIOD);
  for (let row = 0; row < length; row++) {
    // The client whose turn is next: so the rows are in order of invocation.
    let client = 0;
    for (let i = 1; i < clients; i++) if ((next[i] as number) < (next[client] as number)) client = i;
    const t = next[client] as number;
    operations.client[row] = client;
    operations.invoked[row] = t;
    operations.replicas[row] = NOT_ASKED;
    operations.cell[row] = Math.floor(random.next() * options.cells);
    const isRead = random.next() < options.reads;
    operations.value[row] = isRead || random.next() < DELETES ? NOTHING : row + 1;
    const deadline = options.ttl && operations.value[row] ? deadlineOf(options.ttl, row + 1) : null;
    const isTouch = deadline !== null && !hasValue(deadline);
    operations.kind[row] = isRead ? KIND.read : isTouch ? KIND.touch : KIND.write;
    const elsewhere = isRead && random.next() < ON_REPLICAS;
    operations.node[row] = elsewhere ? random.int(1, 2) : masterAt(t);
    next[client] = drawOutcome(operations, executed, row, t, random);
  }
  return { operations, executed };
}

/** Returns when the client goes on. */
function drawOutcome(
  { outcome, completed }: Operations,
  executed: Float64Array,
  row: number,
  t: number,
  random: Random,
): number {
  const slow = random.next() < 0.01 ? 20 : 0.5;
  executed[row] = t + random.next() * slow;
  const luck = random.next();
  if (luck < 0.005) {
    outcome[row] = OUTCOME.fail;
    completed[row] = executed[row] as number;
    executed[row] = Infinity;
  } else if (luck < 0.015) {
    outcome[row] = OUTCOME.info;
    completed[row] = Number.NaN;
    const fate = random.next();
    if (fate < 0.3) executed[row] = Infinity;
    else if (fate < 0.6) executed[row] = t + random.next() * LATE;
    return t + TIMEOUT;
  } else {
    outcome[row] = OUTCOME.ok;
    completed[row] = (executed[row] as number) + random.next() * slow;
  }
  return (completed[row] as number) + random.next() * PERIOD;
}
