import type { WaitLimits } from "../base/deadline.ts";
import type { NodeState } from "../journal/events.ts";
import type { Ruler } from "../journal/ruler.ts";
import type { Link } from "../network/link.ts";
import type { RawConnection } from "../resp/connection.ts";
import type { Reply } from "../resp/reply.ts";
import type { Argv, System } from "../systems/system.ts";
import type { NodeQuestions } from "./node-questions.ts";
import type { NodeResources } from "./node-resources.ts";
import type { SyncStep } from "./sync-progress.ts";

/*
 *            host (127.0.0.1)                    network "admin"              network "data" (internal)
 *   probes, administration ─────── published port ──► m1, r1, r2, control
 *   load ───────────────────────── published port ──► toxiproxy ── link client -> m1 ──────► m1
 *                                                     toxiproxy ◄─ link r1 -> m1 ─────────── r1
 */

export interface Address {
  host: string;
  port: number;
}

/** What the engine says of a node's container. */
export interface ContainerState {
  running: boolean;
  paused: boolean;
  exitCode: number | null;
  oomKilled: boolean;
  startedAt: string | null;
}

/** A connection of its own, with an exact outcome for every command. */
export type Connection = Pick<RawConnection, "send" | "close" | "isOpen" | "localPort">;

export interface ConnectLimits extends WaitLimits {
  /** Dials `nearest()` instead of `direct`: CLIENT LIST then shows the connection by its `localPort`, where the two differ. */
  nearest?: boolean;
}

/** One server process in one container. */
export interface ClusterNode {
  readonly name: string;
  readonly role: "master" | "replica" | "control" | "sentinel";
  readonly container: string;
  /** Where probes and administration go: directly, never through a faulted link. On 127.0.0.1. */
  readonly direct: Address;
  /**
   * The same without the engine's forwarding in between, which accepts by itself and turns RST into FIN: the container's own
   * address. Where this machine has no way there (an engine elsewhere, or without root), `direct`. Changes on restart.
   */
  nearest(): Address;
  /** What it may use of its machine, and what it does use. */
  readonly resources: NodeResources;
  /** What faults ask of it, one question at a time. */
  readonly questions: NodeQuestions;
  /** The server's process on this host, or null when it is gone or the engine is elsewhere. Changes on restart. */
  pid(): number | null;
  /**
   * Bytes that have come in on the replication network: from its master's link, and requests of clients. Only differences
   * mean anything. null when they cannot be read (it is down, or the engine is elsewhere).
   */
  received(): number | null;
  /** The last known state of the container; `inspect` asks again. */
  containerState(): ContainerState;
  inspect(): Promise<ContainerState>;
  /** One admin command on a connection of its own; the deadline destroys the connection. Rejects on error replies. */
  admin(argv: Argv, limits?: WaitLimits): Promise<Reply>;
  /**
   * Opens a connection, authenticated. Who does not close it leaves it open to the end of the run: a question without answer
   * stays one, instead of being asked again. Rejects as RawConnection.open does.
   */
  connect(limits?: ConnectLimits): Promise<Connection>;
  state(limits?: WaitLimits): Promise<NodeState>;
  /** Resolves when the server answers PING with anything but a "restoring" error. */
  ready(limits?: WaitLimits): Promise<void>;
  pause(): Promise<void>;
  unpause(): Promise<void>;
  kill(signal: string): Promise<void>;
  /** Starts the stopped container again and waits for `ready`. Does nothing while it runs. */
  start(limits?: WaitLimits): Promise<void>;
  /** Graceful stop (SIGTERM, then SIGKILL after `seconds`). */
  stop(seconds: number): Promise<void>;
  /** Takes the node off the data network: links and peers lose it without FIN or RST; probes still reach it. */
  disconnect(): Promise<void>;
  /** Back on the data network with the same address. Does nothing when it is connected. */
  reconnect(): Promise<void>;
}

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
  readonly control: ClusterNode | null;
  readonly links: readonly Link[];
  readonly topology: Readonly<Topology>;
  /** The masters share the key space: each has slots of its own. */
  readonly sharded: boolean;
  /** Where it is not the operator, the topology follows what the others agree on, and nobody is told a role. */
  readonly ruler: Ruler;
  /** What every connection must AUTH with, or undefined. Never in any output. */
  readonly password: string | undefined;
  /** What a key must begin with to be the shard's to which a node belongs; "" outside cluster mode. */
  keyTag(node: string): string;
  /** Cluster mode: a node's id. @throws ChaosError internal: there is no cluster mode; the same for the next two */
  nodeId(node: string): string;
  /** Cluster mode: all nodes, as this one should see them, in the words of the server's own command. */
  topologyText(node: string): string;
  /** Cluster mode: a number for a topology, higher than all before. */
  nextTopologyVersion(): number;
  /** A server or a sentinel. */
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
