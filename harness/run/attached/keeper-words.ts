import type { Topology } from "../../cluster/cluster.ts";
import type { SystemName } from "../../journal/plan.ts";
import type { AttachedServer } from "./attached-servers.ts";

/** What the keeper says when it listens, and what it is told at a normal end. */
export const READY = "ready";
export const DISMISS = "dismiss";

/** What it is told first, as one line of JSON. */
export interface KeeperTask {
  servers: [string, Omit<AttachedServer, "system" | "state"> & { system: SystemName }][];
  topology: Topology;
  prefix: string;
  /** What faults of the run do to processes: only that is undone. */
  deeds: ("kill" | "pause")[];
  login: { username: string | undefined; password: string | undefined };
  /** The run's folder. */
  directory: string;
}
