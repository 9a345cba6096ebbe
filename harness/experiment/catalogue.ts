import { checks } from "../checks/registry.ts";
import { shapeOf } from "../cluster/shape.ts";
import { composeOf } from "../cluster/topology/compose-of.ts";
import { faults } from "../faults/registry.ts";
import type { Topology } from "../journal/topology.ts";
import { workloads } from "../load/workloads/registry.ts";
import { systems } from "../systems/registry.ts";
import type { Registries } from "./registries.ts";

/** Everything an experiment can name, as this version of kvchaos has it. */
export const registries = {
  faults,
  checks,
  workloads,
  systems,
  readShape: async (cluster: string | Topology) => shapeOf(await composeOf(cluster, {})),
} satisfies Registries;
