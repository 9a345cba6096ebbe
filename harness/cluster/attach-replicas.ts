import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { until } from "../base/deadline.ts";
import type { RunningCluster } from "./running-cluster.ts";

/** How long one replica may take to catch up, ms. */
const ATTACH_MS = 60_000;

/** Points the replicas at their masters; resolves when all have caught up. */
export async function attachReplicas(cluster: RunningCluster, signal: AbortSignal): Promise<void> {
  const replicas = Object.keys(cluster.topology.replicaOf);
  const attach = async (name: string): Promise<void> => {
    // Members of a cluster of their own have been told already.
    if (cluster.ruler !== "servers" && cluster.ruler !== "controllers") await cluster.applyRole(name, { signal });
    await until({ what: `replication of ${name}`, within: ATTACH_MS, signal, first: 10, every: 200 }, async (inner) => {
      const { role, link, linkDetail, syncing, loading } = await cluster
        .node(name)
        .state({ within: 2_000, signal: inner });
      if (role === "replica" && link === "up" && !syncing && !loading) return true;
      const doing = loading ? ", it is loading" : syncing ? ", it copies all data" : "";
      throw new ChaosError(
        "infrastructure",
        `it says that it is a ${role} with its link ${link}${linkDetail ? ` (${linkDetail})` : ""}${doing}`,
      );
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new ChaosError("infrastructure", messageOf(error), {
        hint: "The servers' logs below the run's folder (evidence/logs) say more; a full sync of less data, or one that is not throttled, ends sooner.",
        cause: error,
      });
    });
  };
  if (cluster.system.attachesOneByOne) for (const name of replicas) await attach(name);
  else await Promise.all(replicas.map(attach));
}
