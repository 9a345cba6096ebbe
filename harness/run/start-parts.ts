import path from "node:path";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import { upCluster } from "../cluster/up.ts";
import { guardRun } from "../docker/guard-run.ts";
import { ownerLabels } from "../docker/leftovers.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { faults } from "../faults/registry.ts";
import type { Plan } from "../journal/plan.ts";
import type { RunningLoad } from "../load/load.ts";
import { startLoad } from "../load/start-load.ts";
import { startWatchdog } from "../watchdog/start-watchdog.ts";
import type { RunningWatchdog, WatchdogOptions } from "../watchdog/watchdog.ts";
import { checkWait } from "./chaos/wait-check.ts";
import { type PlacedLoad, placeLoads } from "./load-targets.ts";
import type { RunContext } from "./run-context.ts";
import { ServerTrouble } from "./server-trouble.ts";

/**
 * The reaper first, then the cluster that it guards, which is watched from the moment its servers answer.
 * @param onReady called then; nobody has been told a role yet
 */
export async function startCluster(
  context: RunContext,
  onReady: (cluster: RunningCluster) => Promise<void>,
): Promise<RunningCluster> {
  const { options, runId, scope, resources, claims, directory, emit, signal } = context;
  const { engine, system, compose, image, toxiproxyImage, plan, interrupt } = options;
  if (!options.keep) await guardRun({ engine, runId, resources, signal, interrupt });
  let isWatched = false;
  return upCluster({
    engine,
    system,
    compose,
    image,
    toxiproxyImage,
    config: {
      ...(plan.experiment.fullSync === "force" ? system.forceFullSync : {}),
      ...plan.experiment.config[system.name],
    },
    labels: await ownerLabels(runId),
    attachLater: attachesLater(plan.experiment),
    copyAll: plan.experiment.fullSync === "force",
    disk: ownDisk(plan),
    cores: plan.experiment.cores,
    runId,
    logDirectory: path.join(directory, "evidence", "logs"),
    hide: context.hide,
    emit,
    resources,
    scope,
    signal,
    onEngineLost: context.lost,
    ours: (node) => claims.of(node) === "down",
    onReady: async (cluster) => {
      await onReady(cluster);
      isWatched = true;
    },
    onDeath: (node, exitCode) => {
      // One that never answered and ends by itself has a reason that its words tell: a setting, a file. A signal is another thing.
      if (isWatched || exitCode === null || exitCode <= BY_SIGNAL) return;
      const how = `${node} ended with exit code ${exitCode} before it had answered`;
      context.troubled(new ServerTrouble(null, how));
    },
  });
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

/** Starts probing every node, the control included. */
export async function watch(
  context: RunContext,
  cluster: RunningCluster,
  listeners: Pick<WatchdogOptions, "onCondition" | "onState">,
): Promise<RunningWatchdog> {
  const { options, clock, emit, scope, claims } = context;
  const all = [...cluster.nodes, ...cluster.sentinels, ...(cluster.control ? [cluster.control] : [])];
  const watchdog = await startWatchdog({
    system: cluster.system,
    nodes: all.map((node) => ({
      name: node.name,
      role: node.role,
      host: node.direct.host,
      port: node.direct.port,
      keyTag: node.role === "control" ? "" : cluster.keyTag(node.name),
      pid: () => node.pid(),
      container: () => node.containerState(),
      claimed: () => claims.of(node.name),
      examined: () => context.examinations.of(node.name),
      master: () => cluster.topology.replicaOf[node.name] ?? null,
    })),
    settings: options.plan.experiment.watchdog,
    clock,
    emit,
    password: cluster.password,
    signal: context.evidenceSignal,
    ...listeners,
  });
  scope.defer("stop the watchdog", () => watchdog.stop());
  return watchdog;
}

/** A load as it runs, and where it was put. */
export interface PutLoad {
  running: RunningLoad;
  placed: readonly PlacedLoad[];
}

/** Starts the experiment's loads and keeps them on the nodes that the topology means. null: it has none. */
export async function putLoad(context: RunContext, cluster: RunningCluster): Promise<PutLoad | null> {
  const { options, clock, emit, scope, directory } = context;
  const loads = placeLoads(cluster, options.plan.experiment.load);
  if (loads.length === 0) return null;
  await checkWait(cluster, loads, context.signal);
  const load = await startLoad({
    specs: loads.map(({ spec }) => spec),
    targets: Object.fromEntries(loads.map(({ spec, targets }) => [spec.name, targets()])),
    seed: options.plan.seed,
    clock,
    emit,
    password: cluster.password,
    onMoved: (load, from, text) => follow(load, from.node, text),
    history: { directory, nodes: cluster.nodes.map(({ name }) => name) },
    signal: context.signal,
  });
  scope.defer("stop the load", async () => {
    await load.stop();
  });
  cluster.onTopology(() => {
    for (const { spec, targets } of loads) load.retarget(spec.name, targets());
  });
  /** As a client of the cluster does, a load goes where a server says that its keys' slot is now. */
  function follow(name: string, from: string, text: string): void {
    const placed = loads.find(({ spec }) => spec.name === name);
    const to = movedTo(cluster, text);
    if (!placed || to === null || to.node === from) return;
    if (placed.moveTo(to.node)) {
      cluster.moveSlot(to.slot, to.node);
      emit({ type: "load-moved", load: name, slot: to.slot, from, to: to.node });
    }
    load.retarget(name, placed.targets());
  }
  return { running: load, placed: loads };
}

/** "MOVED 2843 172.21.255.254:6666" → slot and node; null: it names nobody that is known. */
function movedTo(cluster: RunningCluster, text: string): { slot: number; node: string } | null {
  const [, slot, host, port] = /^MOVED (\d+) (\S+):(\d+)/.exec(text) ?? [];
  const node = host === undefined ? null : cluster.nodeAt(host, Number(port));
  return node === null ? null : { slot: Number(slot), node };
}
