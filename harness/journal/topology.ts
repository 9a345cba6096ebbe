import { z } from "zod";

/*
 * A cluster that an experiment says without a Compose file, every default filled in: so small that it can be drawn. Who are its nodes,
 * and the Compose file that is made of it: cluster/topology/.
 */

export const MOST_MASTERS = 8;
/** Of one master. */
export const MOST_REPLICAS = 8;
/** Masters and replicas: each dials every other through a link of its own. */
export const MOST_SERVERS = 16;
export const MOST_SENTINELS = 9;
export const MOST_CONTROLLERS = 5;

export const TOPOLOGY_MODES = ["replication", "cluster", "sentinel", "controller"] as const;

const settings = z.record(z.string(), z.string()).optional();

/** What some nodes have and the others have not. */
const own = z.strictObject({
  /** Bytes. */
  memory: z.int().min(1).optional(),
  /** Processors. */
  cpus: z.number().positive().optional(),
  /** Server configuration, over that of all nodes. */
  config: z.strictObject({ kvrocks: settings, pika: settings, redis: settings }).partial().optional(),
});

/** Between files of an experiment and files of a run: both say the same. */
export const topologySchema = z.strictObject({
  masters: z.int().min(1).max(MOST_MASTERS),
  /** Of each master, or of all of them in turn. */
  replicas: z.union([z.int().min(0).max(MOST_REPLICAS), z.array(z.int().min(0).max(MOST_REPLICAS)).min(1)]),
  /** So many replicas of one master stand in a line, each the replica of the one before. 1: all follow the master. */
  chain: z.int().min(1).max(MOST_REPLICAS),
  /** Who says who is master, and whether the masters share the key space. */
  mode: z.enum(TOPOLOGY_MODES),
  /** 0 where none choose the master. */
  sentinels: z.int().min(0).max(MOST_SENTINELS),
  /** Absent: none rule. */
  controllers: z.int().min(1).max(MOST_CONTROLLERS).optional(),
  /** By node's name, or `masters`, `replicas`, `sentinels`: a node's own come over those of its role. */
  nodes: z.record(z.string(), own),
});
export type Topology = z.infer<typeof topologySchema>;
