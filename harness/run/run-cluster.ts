import type { StartedCluster } from "../cluster/up.ts";
import type { Snapshot } from "./warm/prove-clean.ts";

/** The cluster of a run. */
export interface RunCluster extends Omit<StartedCluster, "made"> {
  /** null: its servers were there. */
  readonly made: StartedCluster["made"] | null;
  /** As its servers were when they were new, once they are attached; null: nobody will use it again. */
  readonly snapshot: Snapshot | null;
  /** Earlier runs that it has served. */
  runs: number;
}
