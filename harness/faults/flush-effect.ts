import { sleep } from "../base/deadline.ts";
import type { Cluster, ClusterNode } from "../cluster/cluster.ts";
import type { FaultContext } from "./fault.ts";
import { questionsOf } from "./node-questions.ts";

/*
 *   SET sentinel ─► master ─► seen on every node, or not in time ─┬─► FLUSHALL ─► node
 *                                                                 └─► EXISTS sentinel, again and again, on every node: gone at …
 */

/** How long the flush waits for the sentinel to reach the replicas, ms. */
const ARRIVE_MS = 2_000;
/** Between two questions at first, ms; later a twentieth of the time that has gone by: exact to 5 %, and few questions. */
const FIRST_PAUSE_MS = 10;
/** A question older than this when the watch ends had no answer, ms. */
const SILENT_MS = 100;
/** Reason to end the watch: nothing was flushed, so nothing is to be seen. */
export const REFUSED = new Error("the flush was refused");

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
  why: "the key never arrived there" | "still there" | "no answer";
}

/** A key that a flush will remove, watched on one node. Never more than one question without answer (node-questions.ts). */
export class SentinelWatch {
  readonly #context: FaultContext;
  readonly #node: ClusterNode;
  readonly #sentinel: string;
  /** What the node said last. */
  #why: Seen["why"] = "the key never arrived there";
  #arrived = false;

  constructor(context: FaultContext, node: ClusterNode, sentinel: string) {
    this.#context = context;
    this.#node = node;
    this.#sentinel = sentinel;
  }

  /** Resolves when the node has the sentinel, at the latest after two seconds. Rejects with the fault's signal only. */
  async arrival(): Promise<void> {
    const { cluster, signal } = this.#context;
    // It hangs since an earlier flush: nothing can be learnt of it, and this flush need not wait.
    if (questionsOf(this.#node, cluster).waiting > ARRIVE_MS) return;
    const enough = AbortSignal.any([signal, AbortSignal.timeout(ARRIVE_MS)]);
    await this.#becomes(true, enough).catch(() => signal.throwIfAborted());
  }

  /** Asks until the sentinel is gone, or `over` or the fault's own signal fires, and journals when it was gone. Never rejects. */
  async gone(over: AbortSignal): Promise<Seen> {
    const { clock, emit, id, cluster, signal } = this.#context;
    const at = await this.#becomes(false, AbortSignal.any([signal, over])).catch(() => null);
    if (questionsOf(this.#node, cluster).waiting > SILENT_MS) this.#why = "no answer";
    const seen: Seen = { node: this.#node.name, at, until: at ?? clock.now(), why: this.#why };
    if (over.reason !== REFUSED) emit({ type: "flush-effect", id, node: seen.node, at, until: seen.until });
    return seen;
  }

  /** When it was there, or was gone after it had been there. Rejects when the signal fires. */
  async #becomes(there: boolean, signal: AbortSignal): Promise<number> {
    const { cluster, clock } = this.#context;
    const questions = questionsOf(this.#node, cluster);
    for (const begun = clock.now(); ; ) {
      const outcome = await questions.ask(["EXISTS", this.#sentinel], signal);
      if (outcome.outcome === "ok") {
        const found = Number(outcome.reply) === 1;
        this.#arrived ||= found;
        if (this.#arrived) this.#why = "still there";
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
