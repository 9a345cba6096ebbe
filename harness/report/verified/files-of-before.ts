import path from "node:path";
import { topologyText } from "../../cluster/topology/compose-text.ts";
import type { Topology } from "../../journal/topology.ts";

/** Topologies that were Compose files of kvchaos once, which said the same: the runs of then stand for them. */
const FILES: Readonly<Record<string, string>> = {
  "{ masters: 1, replicas: 0 }": "one-master.yaml",
  "{ masters: 1, replicas: 1 }": "one-master-one-replica.yaml",
  "{ masters: 1, replicas: 2 }": "one-master-two-replicas.yaml",
  "{ masters: 1, replicas: 4 }": "one-master-four-replicas.yaml",
  "{ masters: 1, replicas: 2, chain: 2 }": "chain.yaml",
  "{ masters: 1, replicas: 1, nodes: { replicas: { memory: 48MiB } } }": "small-replica.yaml",
  "{ masters: 2, replicas: [1, 0] }": "two-masters-one-replica.yaml",
  "{ masters: 2, replicas: 1, mode: cluster }": "kvrocks-cluster-2x2.yaml",
  "{ masters: 3, replicas: 1, mode: cluster }": "redis-cluster-3x2.yaml",
  "{ masters: 1, replicas: 2, mode: sentinel, sentinels: 3 }": "redis-sentinel.yaml",
};

/** How a plan's digest names its cluster, and (`names`) the nodes in the plan's text. */
export function asNamed(cluster: string | Topology): { file: string; names(text: string): string } {
  const said = typeof cluster === "string" ? path.basename(cluster) : topologyText(cluster);
  const file = FILES[said] ?? said;
  // Its only replica had no number.
  const names = (text: string) =>
    file === FILES["{ masters: 2, replicas: [1, 0] }"] ? text.replace(/\br1\b/g, "replica") : text;
  return { file, names };
}
