import { messageOf } from "../base/chaos-error.ts";
import type { Clock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import type { Emit, NodeCondition, NodeState } from "../journal/events.ts";
import type { RunningWatchdog } from "../watchdog/watchdog.ts";
import type { StateBoard } from "./state-board.ts";

const ROLE_MS = 5_000;
/** Asking these would only wait. */
const SILENT: readonly NodeCondition[] = ["dead", "deadlocked", "livelocked"];

export interface RecoveryOptions {
  cluster: RunningCluster;
  watchdog: RunningWatchdog;
  board: StateBoard;
  clock: Clock;
  emit: Emit;
  within: number;
  /** Nodes that stay down by the experiment's own wish. */
  abandoned: readonly string[];
  signal: AbortSignal;
}

/** Tells every server once more what the topology says; one that does not answer is the watchdog's to report. */
export async function reconcile({
  cluster,
  emit,
  watchdog,
  abandoned,
}: Pick<RecoveryOptions, "cluster" | "emit" | "watchdog" | "abandoned">): Promise<void> {
  const { masters, replicaOf } = cluster.topology;
  for (const names of [masters, Object.keys(replicaOf)]) {
    await Promise.all(
      names
        .filter((name) => !abandoned.includes(name))
        .map(async (name) => {
          const { condition } = watchdog.verdict(name);
          if (SILENT.includes(condition)) {
            emit({ type: "note", about: name, text: `its role was not set while healing: it is ${condition}` });
            return;
          }
          await cluster.applyRole(name, { within: ROLE_MS }).catch((error: unknown) => {
            emit({ type: "note", about: name, text: `its role could not be set while healing: ${messageOf(error)}` });
          });
        }),
    );
  }
}

/**
 * Waits, bounded, until every node is healthy, has the role the topology says, and every replica has applied what its
 * master had produced after heal. Uses the watchdog's polls only: no extra questions to a server that may be in trouble.
 */
export async function recover(options: RecoveryOptions): Promise<boolean> {
  const { clock, emit, within, signal } = options;
  const started = clock.now();
  let waiting: { node: string; what: string }[] = [];
  const recovered = await until({ what: "recovery", within, signal, every: 100 }, () => {
    waiting = pending(options, started);
    // A process that ended by itself stays so: nobody starts it again.
    const hopeless =
      waiting.length > 0 && waiting.every(({ node }) => options.watchdog.verdict(node).condition === "dead");
    return hopeless ? "hopeless" : waiting.length === 0 && "recovered";
  })
    .then((how) => how === "recovered")
    .catch((error: unknown) => {
      signal.throwIfAborted();
      if (waiting.length === 0) throw error;
      return false;
    });
  emit({ type: "recovery", recovered, ms: clock.now() - started, within, waiting: recovered ? [] : waiting });
  return recovered;
}

function pending(options: RecoveryOptions, healedAt: number): { node: string; what: string }[] {
  const { cluster, watchdog, board, abandoned } = options;
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
      const seen = board.last(name);
      if (!seen || seen.t <= healedAt) return [{ node: name, what: "no state seen since heal" }];
      const what = wrong(options, name, seen.state, healedAt, board);
      return what === null ? [] : [{ node: name, what }];
    });
  return [...servers, ...sentinels, ...(cluster.agreement?.dissent() ?? [])];
}

function wrong(
  { cluster }: RecoveryOptions,
  name: string,
  state: NodeState,
  healedAt: number,
  board: StateBoard,
): string | null {
  const master = cluster.topology.replicaOf[name];
  if (state.loading) return "still loading its dataset";
  if (!master) return state.role === "master" ? null : "should be a master and is not";
  if (state.role !== "replica") return `should replicate from ${master} and is a ${state.role}`;
  const { host, port } = cluster.link(name, master).address;
  if (state.masterHost !== host || state.masterPort !== port) {
    return `should replicate from ${host}:${port} and replicates from ${state.masterHost}:${state.masterPort}`;
  }
  if (state.link !== "up") return `its replication link is down${state.linkDetail ? ` ${state.linkDetail}` : ""}`;
  if (state.syncing) return "still in full sync";
  const produced = board.firstAfter(master, healedAt)?.state.offset;
  if (produced === undefined || produced === null) return `no offset of its master ${master} seen since heal`;
  if (state.offset !== null && state.offset < produced) return `offset ${state.offset}, its master had ${produced}`;
  return null;
}
