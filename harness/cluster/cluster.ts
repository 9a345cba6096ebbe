import type { WaitLimits } from "../base/deadline.ts";
import type { Ruler } from "../journal/ruler.ts";
import type { Link } from "../network/link.ts";
import type { Login } from "../resp/login.ts";
import type { System } from "../systems/system.ts";
import type { ClusterNode } from "./container-node.ts";
import type { Controllers } from "./controllers/controllers.ts";
import type { SlotTransit } from "./slot-moves/slot-transit.ts";
import type { SyncStep } from "./sync-progress.ts";

export type { Address, ClusterNode, Connection, ContainerState } from "./container-node.ts";

/*
 *            host (127.0.0.1)                    network "admin"              network "data" (internal)
 *   probes, administration ─────── published port ──► m1, r1, r2, control
 *   load ───────────────────────── published port ──► m1, where no fault can touch client -> m1, or
 *                                                     toxiproxy ── link client -> m1 ──────► m1
 *                                                     toxiproxy ◄─ link r1 -> m1 ─────────── r1
 */

/** Who is meant to replicate from whom: the operator's intention, not what the servers say. */
export interface Topology {
  masters: string[];
  replicaOf: Record<string, string>;
}

/** How a server is given its role. */
export interface RoleOptions extends WaitLimits {
  /** It is made a master of its own first, and then the replica that it should be. */
  throughNoOne?: boolean;
  /**
   * On one of the node's lasting administration connections (by number), one command at a time: its length is journaled
   * under the fault's id, and an earlier command without an answer makes this one fail at once.
   */
  lasting?: { connection: number; by: string };
}

/** A cluster that is up: nodes, links and the system that runs on them. */
export interface Cluster {
  readonly system: System;
  /** The servers that have data: without the control node and sentinels. */
  readonly nodes: readonly ClusterNode[];
  readonly sentinels: readonly ClusterNode[];
  /** What runs beside the servers and answers no RESP question. */
  readonly helpers: readonly ClusterNode[];
  readonly control: ClusterNode | null;
  readonly links: readonly Link[];
  readonly topology: Readonly<Topology>;
  /** The masters share the key space: each has slots of its own. */
  readonly sharded: boolean;
  /** Slots that move from shard to shard; null: every master has all keys. */
  readonly slots: SlotTransit | null;
  /** Where it is not the operator, the topology follows what the others agree on, and nobody is told a role. */
  readonly ruler: Ruler;
  /** Those of the helpers who rule; null: somebody else does. */
  readonly controllers: Controllers | null;
  /** What every connection must say first. Never in any output. */
  readonly login: Login;
  /** What a key of ours must begin with on a node: its shard's tag in cluster mode, and what sets it apart on servers that are not ours; or "". */
  keyTag(node: string): string;
  /** So many of them, each of another slot of that shard, the same first one; [""] outside cluster mode. */
  keyTags(node: string, count: number): string[];
  /** Cluster mode: a node's id. @throws ChaosError internal: there is no cluster mode; the same for the next two */
  nodeId(node: string): string;
  /** Cluster mode: all nodes, as this one should see them, in the words of the server's own command. */
  topologyText(node: string): string;
  /** Cluster mode: a number for a topology, higher than all before. */
  nextTopologyVersion(): number;
  /** A server, a sentinel or a helper. */
  node(name: string): ClusterNode;
  link(from: string, to: string): Link;
  /** Changes the intention (journaled; load follows it). Does not talk to any server. */
  intend(topology: Topology, reason: string): void;
  /**
   * Makes one server what the topology says: promotes it or points it at its master's link. Idempotent. Does nothing where the
   * servers or sentinels see to that themselves.
   */
  applyRole(node: string, options?: RoleOptions): Promise<void>;
  /**
   * The same for a server that may be where it should be already: then nothing is told to it, or it might copy all data again.
   * What was wrong and what it was told is journaled. Waits until it says what it is. Rejects as applyRole does.
   * @param options.by the fault that undoes itself so
   */
  restoreRole(node: string, options: WaitLimits & { by: string }): Promise<void>;
  /** Calls `listener` for every server log line from now on; returns the unsubscribe. */
  onLogLine(listener: (node: string, line: string) => void): () => void;
  /** The step of a node's full sync, as its log tells it; null when none is under way. */
  fullSync(node: string): SyncStep | null;
  /** Calls `listener` for every step of a full sync from now on; returns the unsubscribe. */
  onFullSync(listener: (step: SyncStep) => void): () => void;
}
