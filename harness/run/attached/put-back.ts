import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import { counted } from "../../base/units.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import type { RunningCluster } from "../../cluster/running-cluster.ts";
import type { Emit, NodeState } from "../../journal/events.ts";
import type { AttachedServers } from "./attached-servers.ts";
import { countOwn, removeOwn } from "./keys.ts";

/*
 *   roles: the master of before catches up ─► it is promoted ─► the others follow it again
 *   keys:  those that begin with our prefix are deleted on every master, and are waited for to go on the replicas
 */

const ASK_MS = 2_000;
const CAUGHT_UP_MS = 60_000;
/** One that says nothing for so long ended by itself, or hangs: it is left as it is. */
const ANSWER_MS = 5_000;
const ROLE_MS = 15_000;
const GONE_MS = 30_000;

/** How long all of it may take, ms. */
export const PUT_BACK_MS = 2 * CAUGHT_UP_MS + 4 * ROLE_MS + 2 * GONE_MS;

/**
 * Makes the servers what they were before the run, and takes every key of ours away. Idempotent.
 * @param caughtUpWithin how long a master of before may take to have what was written since, ms
 * @throws ChaosError infrastructure: what could not be put back, and what to do
 */
export async function putBack(
  cluster: RunningCluster,
  attached: AttachedServers,
  emit: Emit,
  caughtUpWithin = CAUGHT_UP_MS,
): Promise<void> {
  const failures = [
    ...(await rolesBack(cluster, attached, caughtUpWithin)),
    ...(await keysBack(cluster, attached, emit)),
  ];
  if (failures.length > 0) throw new ChaosError("infrastructure", failures.join("; "));
}

async function rolesBack(cluster: RunningCluster, { topology }: AttachedServers, within: number): Promise<string[]> {
  const failures: string[] = [];
  cluster.intend(topology, "as it was before the run");
  // Masters first: who follows one before it is one would copy from a replica.
  for (const name of [...topology.masters, ...Object.keys(topology.replicaOf)]) {
    try {
      const wrong = await cluster.deviation(name, { within: ANSWER_MS });
      if (wrong === null) continue;
      if (topology.masters.includes(name)) await catchUp(cluster, name, within);
      await cluster.tellRole(name, { within: ROLE_MS, by: "the end of the run", why: wrong });
      await until({ what: `${name} to be what it was`, within: ROLE_MS }, async () => {
        return (await cluster.deviation(name, { within: ROLE_MS })) === null;
      });
    } catch (error) {
      const master = topology.replicaOf[name];
      const at = master === undefined ? null : cluster.addressFrom(name, master);
      const how = at === null ? "REPLICAOF NO ONE" : `REPLICAOF ${at.host} ${at.port}`;
      failures.push(`${name} is not what it was before (${messageOf(error)}): tell it ${how}`);
      // Its replicas stay where the data is.
      if (master === undefined) break;
    }
  }
  return failures;
}

/** A master of before that follows another one by now has what was written there since, or is not promoted. */
async function catchUp(cluster: RunningCluster, name: string, within: number): Promise<void> {
  const node = cluster.node(name);
  const state = await node.state({ within: ASK_MS });
  if (state.role !== "replica" || state.masterHost === null || state.masterPort === null) return;
  const other = cluster.nodeAt(state.masterHost, state.masterPort);
  if (other === null) return;
  await until({ what: `${name} to have what ${other} has`, within, every: 100 }, async (signal) => {
    const theirs = await cluster.node(other).state({ within: ASK_MS, signal });
    return hasAll(await node.state({ within: ASK_MS, signal }), theirs);
  });
}

function hasAll(own: NodeState, theirs: NodeState): boolean {
  if (own.link !== "up" || own.syncing || own.loading) return false;
  return own.offset === null || theirs.offset === null || own.offset >= theirs.offset;
}

async function keysBack(cluster: RunningCluster, { prefix, login }: AttachedServers, emit: Emit): Promise<string[]> {
  const failures: string[] = [];
  const keeper = ({ name, direct: at, server: { system } }: ClusterNode) => ({ name, at, system });
  let removed = 0;
  const left = (name: string, error: unknown): void =>
    void failures.push(`keys of ours are left on ${name} (${messageOf(error)}): delete what begins with "${prefix}"`);
  for (const node of cluster.nodes) {
    try {
      // Who takes writes by now: a replica is told by its master.
      if ((await node.state({ within: ASK_MS })).role !== "master") continue;
      removed += await removeOwn(keeper(node), prefix, login, AbortSignal.timeout(GONE_MS));
    } catch (error) {
      left(node.name, error);
    }
  }
  if (failures.length > 0) return failures;
  for (const node of cluster.nodes) {
    await until({ what: `the keys of ours to be gone from ${node.name}`, within: GONE_MS, every: 250 }, async () => {
      return (await countOwn(keeper(node), prefix, login)) === 0;
    }).catch((error: unknown) => left(node.name, error));
  }
  if (failures.length === 0) {
    const text = `every server is what it was before the run; ${counted(removed, "key")} of ours (${prefix}*) deleted, and none is left`;
    emit({ type: "note", about: "attached", text });
  }
  return failures;
}
