import path from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { shapeOf } from "../cluster/shape.ts";
import { type StartedCluster, startServers } from "../cluster/up.ts";
import { guardRun } from "../docker/guard-run.ts";
import { ownerLabels } from "../docker/leftovers.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { dialledClients } from "../experiment/vias.ts";
import { faults } from "../faults/registry.ts";
import { keySpacesOf } from "../journal/loads/key-space.ts";
import type { Plan, PlannedExperiment } from "../journal/plan.ts";
import type { System } from "../systems/system.ts";
import { interposerOptions } from "./interposer.ts";
import { lockOptions } from "./lock-watch.ts";
import type { RunContext } from "./run-context.ts";
import { ServerTrouble } from "./server-trouble.ts";

/** The reaper first, then the servers of the cluster that it guards. @param isWatched somebody sees how they are by now */
export async function startCluster(context: RunContext, isWatched: () => boolean): Promise<StartedCluster> {
  const { options, runId, scope, resources, claims, directory, emit, signal } = context;
  const { engine, system, compose, image, toxiproxyImage, plan, interrupt } = options;
  await checkAbilities(plan, engine.info.local);
  if (!options.keep) await guardRun({ engine, runId, resources, signal, interrupt });
  return startServers({
    engine,
    system,
    compose,
    image,
    images: plan.experiment.images.nodes,
    toxiproxyImage,
    config: {
      ...keySpacesConfig(plan.experiment, system),
      ...(plan.experiment.fullSync === "force" ? system.forceFullSync : {}),
      ...plan.experiment.config[system.name],
    },
    labels: await ownerLabels(runId),
    keySpaces: keySpacesOf(plan.experiment),
    attachLater: attachesLater(plan.experiment),
    copyAll: plan.experiment.fullSync === "force",
    disk: ownDisk(plan),
    dialled: dialledClients(plan, shapeOf(compose), faults),
    cores: plan.experiment.cores,
    locks: await lockOptions(context),
    interposer: await interposerOptions(context),
    runId,
    logDirectory: path.join(directory, "evidence", "logs"),
    hide: context.hide,
    emit,
    resources,
    scope,
    signal,
    onEngineLost: context.lost,
    ours: (node) => claims.of(node) === "down",
    onDeath: (node, exitCode) => {
      // One that never answered and ends by itself has a reason that its words tell: a setting, a file. A signal is another thing.
      if (isWatched() || exitCode === null || exitCode <= BY_SIGNAL) return;
      const how = `${node} ended with exit code ${exitCode} before it had answered`;
      context.troubled(new ServerTrouble(null, how));
    },
  });
}

/** @throws ChaosError infrastructure: this machine cannot do one of the plan's faults, and why */
async function checkAbilities({ faults: planned }: Pick<Plan, "faults">, engineIsLocal: boolean): Promise<void> {
  for (const { id, fault, params } of planned) {
    const refusal = faults.get(fault)?.refusal;
    if (!refusal) continue;
    const why = engineIsLocal ? await refusal(params) : "the Docker engine is on another machine";
    if (why === null) continue;
    throw new ChaosError("infrastructure", `the fault ${id} (${fault}): ${why}`, {
      hint: "Leave it out, or run this experiment on a machine that can: `kvchaos doctor` says what each one can.",
    });
  }
}

/** A process that a signal ended has this and the signal's number as its exit code. */
const BY_SIGNAL = 128;

/** Bytes of the disk of its own that each node's data needs for the faults of this plan; null: none does. */
export function ownDisk({ faults: planned }: Pick<Plan, "faults">): number | null {
  const wanted = planned.map(({ fault, params }) => faults.get(fault)?.ownDisk?.(params) ?? 0);
  return Math.max(0, ...wanted) || null;
}

/**
 * Replicas of an experiment about full syncs get their masters when those have their data: Kvrocks hands out one
 * checkpoint for minutes, and one of an empty server would make every later copy an empty one (storage.cc, GetFullReplDataInfo).
 */
export function attachesLater({ fullSync, preload }: Pick<Experiment, "fullSync" | "preload">): boolean {
  return fullSync === "force" && preload !== null;
}

function keySpacesConfig(experiment: PlannedExperiment, system: System): Readonly<Record<string, string>> {
  const { databases = 1, namespaces = 1 } = experiment;
  if (databases > 1) return system.databases?.config(databases) ?? {};
  return namespaces > 1 ? (system.namespaces?.config(keySpacesOf(experiment)) ?? {}) : {};
}
