import { ChaosError } from "../../base/chaos-error.ts";
import { sleep } from "../../base/deadline.ts";
import type { Cluster, ClusterNode } from "../../cluster/cluster.ts";
import type { FaultContext } from "../fault.ts";

/*
 *   SET sentinel ─► master ─► seen on every node, or 300 ms over ─┬─► FLUSHALL ─► node
 *                                                                 └─► EXISTS sentinel, again and again, on every node: gone at …
 */

/**
 * How long a flush waits until its sentinel is everywhere, ms. Not longer: two flushes in quick succession must not wait for each
 * other.
 */
const ARRIVE_MS = 300;
/** A node that has left a question of ours alone for so long hangs, ms. */
const HUNG_MS = 1_000;
/** Between two questions at first, ms; later a twentieth of the time that has gone by: exact to 5 %, and few questions. */
const FIRST_PAUSE_MS = 10;
/** A question older than this when the watch ends had no answer, ms. */
const SILENT_MS = 100;
/** Reason to end the watch: nothing was flushed, so nothing is to be seen. */
export const REFUSED = new ChaosError("interrupted", "the flush was refused");

/** What the flush of `node` reaches: itself and whoever replicates from it, directly or through others. */
export function reachedBy(cluster: Cluster, node: ClusterNode): ClusterNode[] {
  const { replicaOf } = cluster.topology;
  const reached = [node.name];
  // Grows while it is walked: replicas of replicas come behind.
  for (const name of reached) {
    for (const [replica, master] of Object.entries(replicaOf)) {
      if (master === name && !reached.includes(replica)) reached.push(replica);
    }
  }
  return reached.map((name) => cluster.node(name));
}

/** Where a key must be written to be on `node`: the master at the head of its chain. */
export function headOf(cluster: Cluster, node: ClusterNode): ClusterNode {
  const { replicaOf } = cluster.topology;
  const seen = new Set<string>();
  let name = node.name;
  for (let master = replicaOf[name]; master !== undefined && !seen.has(name); master = replicaOf[name]) {
    seen.add(name);
    name = master;
  }
  return cluster.node(name);
}

/** When one node lost the sentinel, and why that is not known. */
export interface Seen {
  node: string;
  /** Run ms. null: it was still there, or could not be asked, until `until`. */
  at: number | null;
  until: number;
  why: "the key never arrived there" | "another flush took it first" | "still there" | "no answer";
}

/**
 * Writes the sentinel and waits until every node has it, both together for 300 ms at most. Rejects with the fault's signal, or
 * with code `infrastructure` when the master has been silent for long: a further question would only make things worse.
 */
export async function placeSentinel(
  { signal }: FaultContext,
  head: ClusterNode,
  sentinel: string,
  watches: readonly SentinelWatch[],
): Promise<void> {
  const { questions } = head;
  if (questions.waiting > HUNG_MS) {
    throw new ChaosError(
      "infrastructure",
      `${head.name} has not answered for ${(questions.waiting / 1000).toFixed(1)} s: it is not flushed again`,
    );
  }
  const enough = AbortSignal.any([signal, AbortSignal.timeout(ARRIVE_MS)]);
  try {
    const { outcome } = await questions.ask(["SET", sentinel, "1"], enough);
    if (outcome === "ok") for (const watch of watches) watch.writtenOn(head);
    await Promise.all(watches.map((watch) => watch.arrival(enough)));
  } catch {
    signal.throwIfAborted();
  }
}

/** A key that a flush will remove, watched on one node. Never more than one question without answer (cluster/node-questions.ts). */
export class SentinelWatch {
  readonly #context: FaultContext;
  readonly #node: ClusterNode;
  readonly #sentinel: string;
  /** What the node said last. */
  #why: Seen["why"] = "the key never arrived there";
  #arrived = false;
  #flushing = false;

  constructor(context: FaultContext, node: ClusterNode, sentinel: string) {
    this.#context = context;
    this.#node = node;
    this.#sentinel = sentinel;
  }

  /** Resolves when the node has the sentinel; at once for one that hangs since an earlier flush. Rejects when the signal fires. */
  async arrival(signal: AbortSignal): Promise<void> {
    if (this.#node.questions.waiting < HUNG_MS) await this.#becomes(true, signal);
  }

  /** This master has acknowledged the sentinel: if it is not there any more, somebody took it. */
  writtenOn(head: ClusterNode): void {
    if (this.#node === head) this.#arrived = true;
  }

  /** From now on the sentinel may be gone because of this flush; before, another one took it. */
  flushing(): void {
    this.#flushing = true;
  }

  /** Asks until the sentinel is gone, or `over` or the fault's own signal fires, and journals when it was gone. Never rejects. */
  async gone(over: AbortSignal): Promise<Seen> {
    const { clock, emit, id, signal } = this.#context;
    const at = await this.#becomes(false, AbortSignal.any([signal, over])).catch(() => null);
    if (this.#node.questions.waiting > SILENT_MS) this.#why = "no answer";
    const seen: Seen = { node: this.#node.name, at, until: at ?? clock.now(), why: this.#why };
    if (over.reason !== REFUSED) emit({ type: "flush-effect", id, node: seen.node, at, until: seen.until });
    return seen;
  }

  /** When it was there, or was gone after it had been there. Rejects when the signal fires. */
  async #becomes(there: boolean, signal: AbortSignal): Promise<number> {
    const { clock } = this.#context;
    const { questions } = this.#node;
    for (const begun = clock.now(); ; ) {
      const outcome = await questions.ask(["EXISTS", this.#sentinel], signal);
      if (outcome.outcome === "ok") {
        const found = Number(outcome.reply) === 1;
        if (this.#arrived && !found && !this.#flushing) {
          this.#arrived = false;
          this.#why = "another flush took it first";
        }
        if (found) {
          this.#arrived = true;
          this.#why = "still there";
        }
        if (found === there && this.#arrived) return clock.now();
      } else this.#why = "no answer";
      await sleep(Math.max(FIRST_PAUSE_MS, (clock.now() - begun) / 20), signal);
    }
  }
}

/** "m1 after 2 ms, r1 after 14 ms, r2: still there after 5s" */
export function seenText(seen: readonly Seen[], invoked: number): string {
  return seen
    .map(({ node, at, until, why }) => {
      if (at !== null) return `${node} after ${Math.max(0, Math.round(at - invoked))} ms`;
      return `${node}: ${why} after ${((until - invoked) / 1000).toFixed(1)} s`;
    })
    .join(", ");
}
