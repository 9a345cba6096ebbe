import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import type { Argv, FailoverForce } from "../../systems/system.ts";
import type { FaultContext, Injected } from "../fault.ts";

/** How a failover is asked for, by the `via` of switch-master. */
const FAILOVERS = {
  "cluster-failover": null,
  "cluster-failover-force": "force",
  "cluster-failover-takeover": "takeover",
  "sentinel-failover": null,
  "controller-failover": null,
} as const satisfies Record<string, FailoverForce | null>;
type Failover = keyof typeof FAILOVERS;
export const FAILOVER_NAMES = Object.keys(FAILOVERS) as [Failover, ...Failover[]];

export const isFailover = (via: string): via is Failover => Object.hasOwn(FAILOVERS, via);

const COMMAND_MS = 5_000;
/** An election, and the time until more than half know of it; one that came to nothing is given up by Redis after 5 s. ms */
const ANSWERED_MS = 6_000;
const AGREED_MS = 20_000;

/**
 * Asks those who choose the master for another one: the replica itself (Redis Cluster), or the first sentinel that takes the
 * command, which chooses the replica, or the controller that leads, which is told whom to take. It may be refused, or come to nothing (a replica that does not replicate yet); like a
 * script, it is asked again then. What they make of it is theirs: the topology follows when they agree.
 * Effect: more than half of them name another master for that shard.
 */
export async function injectFailover(
  context: FaultContext,
  target: ClusterNode,
  via: Failover | null,
): Promise<Injected> {
  const { cluster, signal } = context;
  const { ruler, topology } = cluster;
  const old = topology.replicaOf[target.name] ?? target.name;
  const place = topology.masters.indexOf(old);
  const replaced = (): string | false =>
    cluster.topology.masters[place] !== old ? (cluster.topology.masters[place] ?? "") : false;
  const again = () => {
    if (ruler === "sentinels") return askSentinels(context);
    return ruler === "controllers" ? askControllers(context, target, place) : askReplica(context, target, via);
  };
  if (ruler !== "sentinels" && old === target.name) {
    const summary = `${target.name} was already the master: nothing changed`;
    return { targets: [target.name], effect: async () => ({ measured: false, summary }) };
  }
  let answer = await again();
  return {
    targets: [ruler === "sentinels" ? old : target.name],
    effect: async () => {
      for (const end = performance.now() + AGREED_MS; ; ) {
        const now = await until({ what: "agreement", within: ANSWERED_MS, signal, every: 50 }, replaced).catch(
          () => null,
        );
        signal.throwIfAborted();
        if (now) return { measured: true, summary: `${now} is master (was ${old}), as they agreed; ${answer}` };
        if (performance.now() > end) break;
        answer = await again();
      }
      return { measured: false, summary: `${old} is still master after ${AGREED_MS / 1000} s; ${answer}` };
    },
  };
}

async function askReplica(
  { cluster, signal }: FaultContext,
  target: ClusterNode,
  via: Failover | null,
): Promise<string> {
  const { gossip } = cluster.system;
  if (!gossip) throw new ChaosError("internal", `${cluster.system.name} has no cluster of its own`);
  const { text } = await ask(target, gossip.commands.failover(via === null ? null : FAILOVERS[via]), signal);
  return text;
}

/** One that is down or has just lost its say refuses; the others are asked then. */
async function askSentinels({ cluster, signal }: FaultContext): Promise<string> {
  const { sentinel } = cluster.system;
  if (!sentinel) throw new ChaosError("internal", `${cluster.system.name} has no sentinels`);
  const answers: Answer[] = [];
  for (const node of cluster.sentinels) {
    if (answers.at(-1)?.said === "OK") break;
    answers.push(await ask(node, sentinel.commands.failover(), signal));
  }
  return answers.map(({ text }) => text).join("; ");
}

/** It is heard by whoever leads; a server that does not answer is refused. */
async function askControllers({ cluster, signal }: FaultContext, target: ClusterNode, shard: number): Promise<string> {
  const { controllers } = cluster;
  if (!controllers) throw new ChaosError("internal", "the cluster has no controllers");
  const call = controllers.mode.calls.failover(shard, cluster.nodeId(target.name));
  return controllers.order(call, { within: ANSWERED_MS, signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    return messageOf(error);
  });
}

interface Answer {
  said: string;
  /** With who was asked what. */
  text: string;
}

async function ask(node: ClusterNode, argv: Argv, signal: AbortSignal): Promise<Answer> {
  const said = await node.admin(argv, { within: COMMAND_MS, signal }).then(String, (error: unknown) => {
    signal.throwIfAborted();
    return messageOf(error);
  });
  return { said, text: `${node.name}: ${argv.join(" ")}: ${said}` };
}
