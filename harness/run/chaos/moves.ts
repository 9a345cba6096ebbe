import type { Topology } from "../../cluster/cluster.ts";
import type { RunningCluster } from "../../cluster/running-cluster.ts";
import type { NodeState } from "../../journal/events.ts";
import { argvOf, type PlannedFault } from "../../journal/plan.ts";

/*
 *   fault command: FAILOVER on m1 ─► m1 says replica of r1, r1 says master ─► the topology follows at once, as clients would
 *   fault command: REPLICAOF …   ─► whatever it makes of its node at the end of chaos is where the experiment put it
 *
 * An operator's command moves roles, too. Heal must leave them there, and no check may hold the server to what was before.
 */

const ROLE_COMMANDS: readonly string[] = ["slaveof", "replicaof", "failover", "clusterx", "cluster"];

type Scene = Pick<RunningCluster, "topology" | "ruler" | "nodeAt" | "adopt">;

/** Roles that the experiment's own commands have moved. */
export class ExperimentMoves {
  readonly #cluster: Scene;
  readonly #latest = new Map<string, NodeState>();
  /** Node → the fault whose command was meant for it. */
  readonly #moved = new Map<string, string>();
  /** Faults whose FAILOVER has not been seen to come about yet. */
  readonly #failovers: string[] = [];

  constructor(cluster: Scene) {
    this.#cluster = cluster;
  }

  /** A fault of the run was injected. */
  injected({ id, fault, params }: Pick<PlannedFault, "id" | "fault" | "params">, targets: readonly string[]): void {
    if ((fault !== "command" && fault !== "duplicate-command") || this.#cluster.ruler !== "operator") return;
    const [name = ""] = argvOf(params);
    const command = name.toLowerCase();
    if (!ROLE_COMMANDS.includes(command)) return;
    for (const target of targets) this.#moved.set(target, id);
    if (command === "failover") this.#failovers.push(id);
  }

  /** Every poll of every node goes through here. */
  state(node: string, state: NodeState): void {
    this.#latest.set(node, state);
    this.#followFailover();
  }

  /** FAILOVER has two ends: the master that it was sent to, and the replica that the server chose. */
  #followFailover(): void {
    const [id] = this.#failovers;
    if (id === undefined) return;
    const { topology } = this.#cluster;
    for (const old of topology.masters) {
      const heir = this.#masterOf(old);
      if (heir === null || this.#latest.get(heir)?.role !== "master" || topology.masters.includes(heir)) continue;
      const replicaOf: Record<string, string> = { ...topology.replicaOf, [old]: heir };
      delete replicaOf[heir];
      const masters = topology.masters.map((name) => (name === old ? heir : name));
      this.#failovers.shift();
      this.#cluster.adopt({ masters, replicaOf }, `${id}: the servers made ${heir} master instead of ${old}`);
      return;
    }
  }

  /**
   * Takes over what the experiment's commands have made of their nodes. A node that was taken out of replication for good belongs
   * to nobody any more: it is no master for clients either.
   * @param states what each node says now; one that says nothing is left as it was meant
   */
  adopt(states: ReadonlyMap<string, NodeState>): void {
    for (const [node, state] of states) this.#latest.set(node, state);
    // It may have happened since the last poll, or between two of them.
    this.#followFailover();
    const changed = [...this.#moved.keys()].filter((node) => states.has(node));
    if (changed.length === 0) return;
    const { topology } = this.#cluster;
    const replicaOf: Record<string, string> = { ...topology.replicaOf };
    for (const node of changed) {
      const master = this.#masterOf(node);
      if (master !== null) replicaOf[node] = master;
      else if (states.get(node)?.role === "master") delete replicaOf[node];
    }
    const followed = new Set(Object.values(replicaOf));
    const known = [...topology.masters, ...Object.keys(topology.replicaOf)];
    const masters = known.filter((node) => {
      const wasMaster = topology.masters.includes(node);
      return replicaOf[node] === undefined && (wasMaster || followed.has(node));
    });
    // Where nobody is left that replicates from nobody there is a circle, too.
    if (hasCircle(replicaOf) || sameTopology(topology, { masters, replicaOf })) return;
    const ids = [...new Set(changed.flatMap((node) => this.#moved.get(node) ?? []))];
    this.#cluster.adopt({ masters, replicaOf }, `as ${ids.join(", ")} left it`, ids);
  }

  /** Whom a node says that it replicates from; null: nobody that is known. */
  #masterOf(node: string): string | null {
    const state = this.#latest.get(node);
    if (state?.role !== "replica" || state.masterHost === null || state.masterPort === null) return null;
    return this.#cluster.nodeAt(state.masterHost, state.masterPort);
  }
}

function sameTopology(a: Readonly<Topology>, b: Topology): boolean {
  const text = ({ masters, replicaOf }: Readonly<Topology>) =>
    JSON.stringify([[...masters].sort(), Object.entries(replicaOf).sort(([x], [y]) => (x < y ? -1 : 1))]);
  return text(a) === text(b);
}

function hasCircle(replicaOf: Readonly<Record<string, string>>): boolean {
  return Object.keys(replicaOf).some((start) => {
    let node: string | undefined = start;
    for (let links = 0; node !== undefined; links++, node = replicaOf[node]) if (links > 100) return true;
    return false;
  });
}
