import { until } from "../../base/deadline.ts";
import type { Topology } from "../../cluster/cluster.ts";
import { deviationOf } from "../../cluster/dial/deviation.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { EventOf, NodeState } from "../../journal/events.ts";
import type { Aftermath } from "./aftermath.ts";

export type RecoveryOptions = Omit<Aftermath, "runner" | "moves"> &
  Pick<Experiment, "expectRoles"> & {
    /** Does a cycle of waits prove that a node hangs for ever, and is one finding enough? Then it is not waited for. */
    hasProof?(node: string): boolean;
    /** ms */
    within: number;
  };

/**
 * Waits, bounded, until every node is healthy, has the role that the experiment expects, or else the topology says, every replica
 * has applied what its master had produced after heal, and clients are served again. Uses the watchdog's polls only: no extra questions to a server that may be in trouble.
 * @returns "hopeless": what has not recovered never will, so that the time was not waited for
 */
export async function recover(options: RecoveryOptions): Promise<"recovered" | "late" | "hopeless"> {
  const { clock, emit, within, signal } = options;
  const started = clock.now();
  let waiting: Waiting[] = [];
  const how = await until({ what: "recovery", within, signal, every: 100 }, () => {
    waiting = pending(options, started);
    // A process that ended by itself stays so: nobody starts it again. Nor does one answer again of which each thread waits for the other.
    const isDead = (node: string): boolean =>
      options.cluster.nodes.some(({ name }) => name === node) &&
      (options.watchdog.verdict(node).condition === "dead" || isLocked(node));
    const isLocked = (node: string): boolean =>
      options.watchdog.verdict(node).condition === "deadlocked" && options.hasProof?.(node) === true;
    // What replicates from one that is locked waits for it.
    const follows = (node: string): boolean => isLocked(options.cluster.topology.replicaOf[node] ?? "");
    const hopeless =
      waiting.some(({ node }) => isDead(node)) &&
      waiting.every(({ node, load }) => load || isDead(node) || follows(node));
    return hopeless ? "hopeless" : waiting.length === 0 && "recovered";
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    if (waiting.length === 0) throw error;
    // A harness that was late itself may have heard much since it last looked.
    waiting = pending(options, started);
    return waiting.length === 0 ? "recovered" : "late";
  });
  const recovered = how === "recovered";
  emit({ type: "recovery", recovered, ms: clock.now() - started, within, waiting: recovered ? [] : waiting });
  return how;
}

type Waiting = EventOf<"recovery">["waiting"][number];

function pending(options: RecoveryOptions, healedAt: number): Waiting[] {
  const { cluster, watchdog, states, service, claims } = options;
  const abandoned = claims.abandoned();
  const sentinels = cluster.sentinels
    .filter(({ name }) => !abandoned.includes(name))
    .map(({ name }) => watchdog.verdict(name))
    .filter(({ condition }) => condition !== "healthy")
    .map(({ node, condition, why }) => ({ node, what: `${condition}: ${why}` }));
  const servers = cluster.nodes
    .filter((node) => !abandoned.includes(node.name))
    .flatMap(({ name }) => {
      const { condition, why } = watchdog.verdict(name);
      if (condition !== "healthy") return [{ node: name, what: `${condition}: ${why}` }];
      const seen = states.last(name);
      if (!seen || seen.t <= healedAt) return [{ node: name, what: "no state seen since heal" }];
      const what = wrong(options, name, seen.state, healedAt);
      return what === null ? [] : [{ node: name, what }];
    });
  const clients = service.pending(healedAt, abandoned);
  const dissent = (cluster.agreement?.dissent() ?? []).map((one) => ({ ...one, dissent: true as const }));
  return [...servers, ...sentinels, ...dissent, ...clients];
}

function wrong(options: RecoveryOptions, name: string, state: NodeState, healedAt: number): string | null {
  const { cluster, states, claims } = options;
  const meant = meantFor(options, name, state);
  const master = meant.replicaOf[name];
  if (state.loading) return "still loading its dataset";
  const wrongRole = deviationOf(name, state, meant, cluster.nodeAt);
  if (wrongRole !== null || master === undefined) return wrongRole;
  // Its master was taken away for good: there is nobody to be linked with.
  if (claims.abandoned().includes(master)) return null;
  if (state.link !== "up") return `its replication link is down${state.linkDetail ? ` ${state.linkDetail}` : ""}`;
  if (state.syncing) return "still in full sync";
  const produced = states.firstAfter(master, healedAt)?.state.offset;
  if (produced === undefined || produced === null) return `no offset of its master ${master} seen since heal`;
  if (state.offset !== null && state.offset < produced) return `offset ${state.offset}, its master had ${produced}`;
  return null;
}

/** What this node is to be: what the experiment expects of it, where it does, or else what the topology has come to. */
function meantFor({ cluster, expectRoles }: RecoveryOptions, name: string, state: NodeState): Readonly<Topology> {
  const { topology, nodeAt } = cluster;
  const { role, masterHost, masterPort } = state;
  const wanted = expectRoles[name];
  if (wanted === undefined) return topology;
  if (wanted === "master" || (wanted === "any" && role !== "replica")) return { masters: [name], replicaOf: {} };
  if (wanted !== "any" && wanted !== "replica") return { masters: [], replicaOf: { [name]: wanted } };
  const followed = masterHost === null || masterPort === null ? null : nodeAt(masterHost, masterPort);
  return { masters: [], replicaOf: { [name]: followed ?? topology.replicaOf[name] ?? "another node" } };
}
