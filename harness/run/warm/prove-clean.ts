import { ChaosError } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import type { ClusterNode } from "../../cluster/container-node.ts";
import type { RunningCluster } from "../../cluster/running-cluster.ts";
import type { ContainerLimits } from "../../docker/engine-types.ts";
import { leftoverRules } from "../../network/leftover-rules.ts";
import { toxicsAt } from "../../network/toxiproxy.ts";
import type { Reply } from "../../resp/reply.ts";
import { replyText } from "../../resp/reply-text.ts";

/*
 *   the servers run on, as processes and as configured ─► no toxic, no packet rule ─► told their roles ─► every key deleted
 *      ─► replicas linked, their offsets their masters' ─► no server has a key                            else: another cluster
 */

/** What of a server must be as it was when it was new. */
interface ServerSnapshot {
  /** Of its process. */
  pid: number | null;
  startedAt: string | null;
  limits: ContainerLimits;
  /** CONFIG GET *, without what its role says. */
  config: ReadonlyMap<string, string>;
}

export type Snapshot = ReadonlyMap<string, ServerSnapshot>;

const ASK_MS = 5_000;
const IN_STEP_MS = 15_000;
/** Keys that are deleted by one command. */
const BATCH = 500;
/** A server says whom it follows, or what it was told to rewrite, there. */
const OF_ITS_ROLE = /^(?:slaveof|replicaof|masterauth|masteruser|slave-read-only|replica-read-only|.*-run-?id)$/;

/** Of servers that nothing has been done to yet. */
export async function snapshotOf(cluster: RunningCluster, signal: AbortSignal): Promise<Snapshot> {
  const taken = serversOf(cluster).map(async (node) => [node.name, await serverSnapshot(node, signal)] as const);
  return new Map(await Promise.all(taken));
}

function serversOf({ nodes, control }: RunningCluster): ClusterNode[] {
  return control ? [...nodes, control] : [...nodes];
}

async function serverSnapshot(node: ClusterNode, signal: AbortSignal): Promise<ServerSnapshot> {
  const { startedAt } = await node.inspect();
  const limits = await node.resources.limits();
  return { pid: node.pid(), startedAt, limits, config: await configOf(node, signal) };
}

async function configOf(node: ClusterNode, signal: AbortSignal): Promise<Map<string, string>> {
  const reply = await node.admin(["CONFIG", "GET", "*"], { within: ASK_MS, signal });
  const texts = Array.isArray(reply) ? reply.map((one) => replyText(one)) : [];
  const pairs = texts.flatMap((text, at) => (at % 2 === 0 ? [[text, texts[at + 1] ?? ""] as const] : []));
  return new Map(pairs.filter(([name]) => !OF_ITS_ROLE.test(name.toLowerCase())));
}

/** Are the servers the processes that they were? Asks the engine alone. */
export async function areTheSame(cluster: RunningCluster, snapshot: Snapshot): Promise<boolean> {
  const same = serversOf(cluster).map(async (node) => {
    const { running, paused, startedAt } = await node.inspect();
    const { pid, startedAt: before } = snapshot.get(node.name) ?? {};
    return running && !paused && startedAt === before && node.pid() === pid;
  });
  return (await Promise.all(same)).every((one) => one);
}

/**
 * Empties a cluster that an earlier run used, gives everyone the role that the topology says, and proves that nothing of that run is left.
 * @param attachLater the replicas are to have no master yet
 * @returns what was looked at @throws ChaosError infrastructure: what is left
 */
export async function proveClean(
  cluster: RunningCluster,
  snapshot: Snapshot,
  { attachLater, signal }: { attachLater: boolean; signal: AbortSignal },
): Promise<string> {
  if (!(await areTheSame(cluster, snapshot))) throw left("not all servers are the processes that they were");
  const toxics = await toxicsAt(cluster.toxiproxyApi);
  if (toxics.length > 0) throw left(`Toxiproxy still has ${toxics.join(", ")}`);
  const { masters, replicaOf } = cluster.topology;
  for (const name of attachLater ? cluster.nodes.map((node) => node.name) : masters)
    await promote(cluster, name, signal);
  if (!attachLater) await Promise.all(Object.keys(replicaOf).map((name) => giveRole(cluster, name, signal)));
  const own = attachLater ? cluster.nodes : cluster.nodes.filter(({ name }) => masters.includes(name));
  const deleted = await Promise.all(own.map((node) => deleteAll(node, signal)));
  if (!attachLater)
    await Promise.all(Object.entries(replicaOf).map(([name, master]) => inStep(cluster, name, master, signal)));
  for (const node of cluster.nodes) {
    const [key] = await keysOf(node, signal);
    if (key !== undefined) throw left(`${node.name} has the key ${key.toString().slice(0, 60)}`);
  }
  for (const node of serversOf(cluster)) await sameSetting(node, snapshot, signal);
  const keys = deleted.reduce((sum, one) => sum + one, 0);
  return `${cluster.nodes.length} servers are the same processes with the same settings, without keys (${keys} deleted), rules or toxics, and in step`;
}

async function promote(cluster: RunningCluster, name: string, signal: AbortSignal): Promise<void> {
  const node = cluster.node(name);
  const { role } = await node.state({ within: ASK_MS, signal });
  if (role !== "master") await node.admin(cluster.system.commands.promote(), { within: ASK_MS, signal });
}

/** A server may still take the one that was its replica a moment ago for one. */
async function giveRole(cluster: RunningCluster, name: string, signal: AbortSignal): Promise<void> {
  await until({ what: `the role of ${name}`, within: IN_STEP_MS, signal, every: 200 }, async (inner) => {
    await cluster.restoreRole(name, { signal: inner, by: "set-up" });
    return true;
  });
}

async function sameSetting(node: ClusterNode, snapshot: Snapshot, signal: AbortSignal): Promise<void> {
  const before = snapshot.get(node.name);
  const pid = node.pid();
  const rules = pid === null ? [] : await leftoverRules(pid, signal);
  if (rules.length > 0) throw left(`in the network of ${node.name}: ${rules.join("; ")}`);
  const limits = await node.resources.limits();
  if (limits.cpus !== before?.limits.cpus || limits.memory !== before.limits.memory)
    throw left(`${node.name} has other limits than when it was new`);
  const now = await configOf(node, signal);
  const names = new Set([...now.keys(), ...before.config.keys()]);
  const changed = [...names].filter((name) => now.get(name) !== before.config.get(name));
  if (changed.length > 0) throw left(`${node.name} is configured otherwise: ${changed.slice(0, 5).join(", ")}`);
}

/** A first page of what a server holds, or all of it when that is nothing. */
async function keysOf(node: ClusterNode, signal: AbortSignal): Promise<Buffer[]> {
  for (let cursor = "0"; ; ) {
    const reply = await node.admin(["SCAN", cursor, "COUNT", String(BATCH)], { within: ASK_MS, signal });
    const [next, keys] = (Array.isArray(reply) ? reply : []) as [Reply, Reply];
    cursor = replyText(next ?? "0");
    if (Array.isArray(keys) && keys.length > 0) return keys as Buffer[];
    if (cursor === "0") return [];
  }
}

/** A flush is what some servers do not survive: keys are deleted by their names. */
async function deleteAll(node: ClusterNode, signal: AbortSignal): Promise<number> {
  const connection = await node.connect({ within: ASK_MS, signal });
  let deleted = 0;
  try {
    for (let keys = await keysOf(node, signal); keys.length > 0; keys = await keysOf(node, signal)) {
      const answer = await connection.send(["DEL", ...keys], { within: ASK_MS });
      if (answer.outcome !== "ok") throw left(`${node.name} did not delete its keys: ${answer.error}`);
      deleted += keys.length;
    }
  } finally {
    connection.close();
  }
  return deleted;
}

async function inStep(cluster: RunningCluster, name: string, master: string, signal: AbortSignal): Promise<void> {
  await until(
    { what: `${name} to be in step with ${master}`, within: IN_STEP_MS, signal, every: 100 },
    async (inner) => {
      const limits = { within: ASK_MS, signal: inner };
      const { offset: produced } = await cluster.node(master).state(limits);
      const { role, link, syncing, loading, offset } = await cluster.node(name).state(limits);
      const linked = role === "replica" && link === "up" && !syncing && !loading;
      return linked && produced !== null && offset !== null && offset >= produced;
    },
  );
}

function left(what: string): ChaosError {
  return new ChaosError("infrastructure", what);
}
