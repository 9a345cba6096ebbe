import { type Random, seededRandom } from "../../harness/base/random.ts";
import { emptyOperation, type OperationFields } from "../../harness/history/format.ts";
import { KIND, NOTHING, OUTCOME } from "../../harness/journal/history.ts";

/*
 * A store in memory that does nothing wrong, and clients, each with one operation after the other:
 *   the client whose step is next ──► invoke ──► execute ──► complete ──► invoke …
 */

export interface Size {
  operations: number;
  keys: number;
  clients: number;
}

export interface Clients extends Size {
  /** Share of writes that are never answered: half of them happen. */
  unanswered: number;
  /** Share of writes that are deletes. */
  deletes: number;
}

interface Client {
  /** When it does its next step. */
  next: number;
  step: "invoke" | "execute" | "complete";
  operation: OperationFields;
}

/** The chaos of the fixture's run, ms. */
const BEGIN = 10_000;
const END = 40_000;
/** Operations between two pauses. */
const AT_ONCE = 50_000;

/** @param add gets each operation when it ends; the object is used again @returns what the keys hold in the end */
export async function runClients(
  shape: Clients,
  add: (operation: OperationFields) => void,
  pause: () => Promise<void>,
): Promise<Int32Array> {
  const { operations, keys, clients } = shape;
  const random = seededRandom("bench");
  const state = new Int32Array(keys);
  // The mean of a client's cycle, so that the run is as long as the fixture's.
  const cycle = ((END - BEGIN) * clients) / operations;
  const heap = Array.from({ length: clients }, (_, client): Client => {
    return { next: BEGIN + client * 0.001, step: "invoke", operation: { ...emptyOperation(0), client } };
  });
  let begun = 0;
  let writes = 0;
  for (let ended = 0; ended < operations; ) {
    const client = heap[0] as Client;
    const { operation } = client;
    if (client.step === "invoke" && begun++ >= operations) client.next = Infinity;
    else if (client.step === "invoke") {
      draw(operation, shape, random, client.next);
      if (operation.kind === KIND.write && operation.value !== NOTHING) operation.value = ++writes;
      client.step = "execute";
      client.next += cycle * 0.8 * random.next();
    } else if (client.step === "execute") {
      if (operation.kind === KIND.read) operation.value = state[operation.cell] as number;
      else if (operation.outcome === OUTCOME.ok || random.next() < 0.5) state[operation.cell] = operation.value;
      client.step = "complete";
      client.next += cycle * 0.8 * random.next();
    } else {
      operation.completed = operation.outcome === OUTCOME.ok ? client.next : Number.NaN;
      add(operation);
      client.step = "invoke";
      client.next += cycle * 0.4 * random.next();
      if (++ended % AT_ONCE === 0) await pause();
    }
    sink(heap);
  }
  return state;
}

function draw(operation: OperationFields, { keys, unanswered, deletes }: Clients, random: Random, now: number): void {
  operation.kind = random.next() < 0.5 ? KIND.read : KIND.write;
  operation.cell = random.int(0, keys - 1);
  operation.invoked = now;
  operation.value = operation.kind === KIND.write && random.next() >= deletes ? 1 : NOTHING;
  operation.outcome = operation.kind === KIND.write && random.next() < unanswered ? OUTCOME.info : OUTCOME.ok;
}

/** Puts the first of a heap, which is later than it was, where it belongs. */
function sink(heap: Client[]): void {
  const own = heap[0] as Client;
  let at = 0;
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && (heap[child + 1] as Client).next < (heap[child] as Client).next) child++;
    if ((heap[child] as Client).next >= own.next) break;
    heap[at] = heap[child] as Client;
    at = child;
  }
  heap[at] = own;
}
