import { checks } from "../checks/registry.ts";
import { shapeOf } from "../cluster/shape.ts";
import { readComposeFile } from "../docker/compose.ts";
import { faults } from "../faults/registry.ts";
import { workloads } from "../load/workloads/registry.ts";
import { systems } from "../systems/registry.ts";
import { SYSTEM_NAMES } from "../systems/system.ts";
import type { Registries } from "./registries.ts";

/** Everything an experiment can name, as this version of kvchaos has it. */
export const registries = {
  faults,
  checks,
  workloads,
  systems,
  readShape: async (path: string) => shapeOf(await readComposeFile(path, {}, { systems: SYSTEM_NAMES })),
} satisfies Registries;
