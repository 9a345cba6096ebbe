import { dirname, resolve } from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { ROLES_HINT } from "../../docker/compose-roles.ts";
import { SYSTEM_NAMES } from "../../journal/plan.ts";
import type { Topology } from "../../journal/topology.ts";
import type { Experiment } from "../experiment.ts";
import type { ExperimentShape, Registries } from "../registries.ts";
import { show, text } from "../schema-parts.ts";
import { notAFile } from "./read-text.ts";
import { readTopology } from "./read-topology.ts";
import type { Mistakes } from "./zod-mistakes.ts";

interface ReadCluster {
  /** The Compose file (absolute path), or the topology. */
  cluster?: string | Topology | undefined;
  shape?: ExperimentShape;
  /** The mistakes of the Compose file, which bring their own positions. */
  broken?: ChaosError;
}

interface Surroundings {
  mistakes: Mistakes;
  registries: Registries;
  systems: readonly string[];
  /** Absolute path. */
  experiment: string;
}

/** The key `cluster`. @param raw as it is written */
export async function readCluster(raw: unknown, surroundings: Surroundings): Promise<ReadCluster> {
  const { mistakes, registries, experiment } = surroundings;
  if (typeof raw === "object" && raw !== null && !Array.isArray(raw)) {
    const cluster = readTopology(raw, ["cluster"], surroundings);
    return cluster ? { cluster, shape: await registries.readShape(cluster) } : {};
  }
  const expected = "expected a map like { masters: 1, replicas: 2 }, or a Compose file";
  if (raw === undefined) mistakes.add([], `missing key "cluster": ${expected}`);
  else if (typeof raw !== "string") mistakes.add(["cluster"], `${expected}, got ${show(raw)}`);
  if (typeof raw !== "string") return {};
  const named = mistakes.parse(text(1000), raw, ["cluster"]);
  if (named === undefined) return {};
  const path = resolve(dirname(experiment), named);
  const problem = await notAFile(path);
  if (problem !== undefined) {
    mistakes.add(["cluster"], `the Compose file ${path} ${problem}`, "the path is relative to this file");
    return {};
  }
  try {
    const shape = await registries.readShape(path);
    if (shape.masters.length === 0) {
      mistakes.add(["cluster"], `${path} has no service with the label kvchaos.role: master`, ROLES_HINT);
    }
    return { cluster: path, shape };
  } catch (error) {
    if (error instanceof ChaosError && error.code === "invalid-experiment") return { broken: error };
    throw error;
  }
}

/** The settings of all nodes are over those of one: what both say would be said in vain. */
export function checkOwnSettings({ nodes }: Topology, all: Experiment["config"], mistakes: Mistakes): void {
  for (const [name, { config = {} }] of Object.entries(nodes)) {
    for (const system of SYSTEM_NAMES) {
      for (const key of Object.keys(config[system] ?? {})) {
        if (all[system]?.[key] === undefined) continue;
        const message = `"${key}" is also in the experiment's own \`config\`, which holds for all nodes`;
        mistakes.addKey(["cluster", "nodes", name, "config", system, key], message, "keep one of them");
      }
    }
  }
}
