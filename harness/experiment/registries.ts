import type { ClusterShape, Fault } from "../faults/fault.ts";

/** What an experiment may name. Passed in, so that the format can be tested without the real faults. */
export interface Registries {
  faults: ReadonlyMap<string, Fault>;
  checks: ReadonlyMap<string, unknown>;
  workloads: ReadonlyMap<string, unknown>;
  /** Reads a Compose file (absolute path). Rejects with code `invalid-experiment` and positions when it is broken. */
  readShape(path: string): Promise<ExperimentShape>;
}

/** The nodes of a cluster, and those that the harness keeps for itself. */
export interface ExperimentShape extends ClusterShape {
  controls: readonly string[];
}
