import type { RunningCluster } from "../running-cluster.ts";
import { type Comparison, compareDatasets } from "./compare.ts";

/** Compares a replica's data with its master's, both read directly. Rejects only with the signal's reason. */
export function compareNodes(
  cluster: RunningCluster,
  master: string,
  replica: string,
  limits: { within: number; signal: AbortSignal },
): Promise<Comparison> {
  return compareDatasets({
    master: cluster.node(master).direct,
    replica: cluster.node(replica).direct,
    masterName: master,
    replicaName: replica,
    password: cluster.password,
    readOnly: cluster.sharded,
    movedSlots: cluster.shards?.movedSlots ?? [],
    ...limits,
  });
}
