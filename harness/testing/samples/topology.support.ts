import type { Topology } from "../../journal/topology.ts";

/** Test support: a topology as an experiment says it, with every default. */
export const topology = (said: Partial<Topology> = {}): Topology => ({
  ...{ masters: 1, replicas: 1, chain: 1, mode: "replication", sentinels: 0, nodes: {} },
  ...said,
});
