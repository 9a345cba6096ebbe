import path from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { CleanupScope } from "../base/scope.ts";
import { counted } from "../base/units.ts";
import { type FollowOptions, followServers } from "../cluster/follow-servers.ts";
import { shapeOf } from "../cluster/shape.ts";
import { startServers, type UpOptions } from "../cluster/up.ts";
import { guardRun } from "../docker/guard-run.ts";
import { ownerLabels } from "../docker/leftovers.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { dialledClients } from "../experiment/vias.ts";
import { faults } from "../faults/registry.ts";
import type { Emit } from "../journal/events.ts";
import { keySpacesOf } from "../journal/loads/key-space.ts";
import type { Plan, PlannedExperiment } from "../journal/plan.ts";
import type { System } from "../systems/system.ts";
import { attachCluster } from "./attached/attach-cluster.ts";
import { interposerOptions } from "./interposer.ts";
import { lockOptions } from "./lock-watch.ts";
import type { RunCluster } from "./run-cluster.ts";
import type { RunContext } from "./run-context.ts";
import { ServerTrouble } from "./server-trouble.ts";
import { proveClean, type Snapshot, snapshotOf } from "./warm/prove-clean.ts";
import type { Kept } from "./warm/warm-cluster.ts";

/** Logs are closed, and connections. */
const FOLLOWERS_MS = 60_000;

/** The reaper first, then the servers of the cluster that it guards. @param isWatched somebody sees how they are by now */
export async function startCluster(context: RunContext, isWatched: () => boolean): Promise<RunCluster> {
  const { options, held, emit, signal } = context;
  const { engine, plan, interrupt } = options;
  await checkAbilities(plan, engine.info.local);
  if (options.attached) return attachCluster(context, options.attached);
  const follow = followOptions(context, isWatched);
  if (context.kept) {
    const used = await useAgain(context.kept, follow, { emit, attachLater: attachesLater(plan.experiment) });
    if (used) return used;
    options.warm?.remove({ ...held });
    held.resources = new CleanupScope();
    held.runId = context.runId;
  }
  const { runId, resources } = held;
  if (!options.keep) await guardRun({ engine, runId, resources, signal, interrupt });
  const started = await startServers({ ...(await makeOptions(context)), ...follow, runId, resources });
  let snapshot: Snapshot | null = null;
  return {
    ...started,
    runs: 0,
    get snapshot() {
      return snapshot;
    },
    replicate: async () => {
      await started.replicate();
      if (options.warm && context.key !== null) snapshot = await snapshotOf(started.cluster, signal);
    },
  };
}

/** null: something of the run before is left, which the journal tells. */
async function useAgain(
  { made, snapshot, runs }: Kept,
  follow: FollowOptions,
  { emit, attachLater }: { emit: Emit; attachLater: boolean },
): Promise<RunCluster | null> {
  const { scope, signal } = follow;
  const followers = new CleanupScope();
  scope.defer("stop following the servers", () => void followers.close(), FOLLOWERS_MS);
  try {
    const cluster = await followServers(made, { ...follow, scope: followers });
    cluster.intend({ ...cluster.topology }, "as the Compose file says");
    const proof = await proveClean(cluster, snapshot, { attachLater, signal });
    emit({ type: "note", about: "cluster", text: `used again, after ${counted(runs, "run")}: ${proof}` });
    return { cluster, made, snapshot, runs, replicate: async () => {} };
  } catch (error) {
    signal.throwIfAborted();
    emit({
      type: "note",
      about: "cluster",
      text: `another one is made, since the one before is not clean: ${messageOf(error)}`,
    });
    await followers.close();
    return null;
  }
}

/** What follows the servers of a run. */
function followOptions(context: RunContext, isWatched: () => boolean): FollowOptions {
  const { options, held, scope, claims, directory, emit, signal } = context;
  const { engine, system, image, plan } = options;
  return {
    engine,
    system,
    image,
    images: plan.experiment.images.nodes,
    runId: held.runId,
    keySpaces: keySpacesOf(plan.experiment),
    attachLater: attachesLater(plan.experiment),
    copyAll: plan.experiment.fullSync === "force",
    logDirectory: path.join(directory, "evidence", "logs"),
    hide: context.hide,
    emit,
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
  };
}

/** What the servers of a run are made of. */
async function makeOptions(context: RunContext): Promise<Omit<UpOptions, keyof FollowOptions | "resources">> {
  const { options, held } = context;
  const { system, compose, toxiproxyImage, plan } = options;
  return {
    compose,
    toxiproxyImage,
    config: configOf(plan.experiment, system),
    labels: await ownerLabels(held.runId),
    disk: ownDisk(plan),
    // A run that comes after this one may dial others.
    ...(context.key === null && { dialled: dialledClients(plan, shapeOf(compose), faults) }),
    cores: plan.experiment.cores,
    locks: await lockOptions(context),
    interposer: await interposerOptions(context),
  };
}

/** Server configuration of an experiment, over the Compose file's. */
export function configOf(experiment: PlannedExperiment, system: System): Readonly<Record<string, string>> {
  return {
    ...keySpacesConfig(experiment, system),
    ...(experiment.fullSync === "force" ? system.forceFullSync : {}),
    ...experiment.config[system.name],
  };
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
