import type { Check } from "../checks/check.ts";
import type { ClusterShape } from "../cluster/shape.ts";
import type { Fault } from "../faults/fault.ts";
import type { Topology } from "../journal/topology.ts";
import type { Recording } from "../load/workloads/workload.ts";
import type { System } from "../systems/system.ts";

/** What an experiment may name. Passed in, so that the format can be tested without the real faults. */
export interface Registries {
  faults: ReadonlyMap<string, Fault>;
  checks: ReadonlyMap<string, Pick<Check, "needs" | "notAttached">>;
  /**
   * `recorded`: its operations can be recorded; `talk`: each takes several commands; `needs`: those that not every system has;
   * `expires`: its keys can have a time to live; `drawsFromTable`: it takes what the server has.
   */
  workloads: ReadonlyMap<
    string,
    {
      readonly recorded?: Recording;
      readonly talk?: unknown;
      readonly needs?: readonly string[];
      readonly expires?: true;
      readonly drawsFromTable?: true;
    }
  >;
  systems: ReadonlyMap<
    string,
    Pick<
      System,
      "lacks" | "gossip" | "cluster" | "sentinel" | "controller" | "deadlinesIn" | "databases" | "namespaces"
    >
  >;
  /** Reads a Compose file (absolute path), or makes it. Rejects with code `invalid-experiment` and positions when it is broken. */
  readShape(cluster: string | Topology): Promise<ExperimentShape>;
}

/** The nodes of a cluster, and those that the harness keeps for itself. */
export interface ExperimentShape extends ClusterShape {
  controls: readonly string[];
}
