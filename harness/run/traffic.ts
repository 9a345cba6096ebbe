import type { RunningCluster } from "../cluster/running-cluster.ts";
import type { LoadSpec } from "../journal/plan.ts";
import type { LoadTarget } from "../load/load.ts";
import type { LoadRunner } from "../load/load-runner.ts";
import { startLoad } from "../load/start-load.ts";
import { startBenchmarks } from "./benchmarks.ts";
import { commandTables } from "./command-table.ts";
import { loadTargets, type PlacedLoad, placeLoads } from "./load-targets.ts";
import type { RunContext } from "./run-context.ts";

/** Everything that clients do to the cluster. */
export interface Traffic {
  /** The loads, and where they were put; null: there are none. */
  loads: StartedLoads | null;
  stop(): Promise<void>;
}

/** Starts loads and benchmarks, and keeps them on the nodes that the topology means. */
export async function startTraffic(context: RunContext, cluster: RunningCluster): Promise<Traffic> {
  const loads = await startLoads(context, cluster);
  const benchmarks = await startBenchmarks(context, cluster);
  return { loads, stop: async () => void (await Promise.all([loads?.running.stop(), benchmarks.stop()])) };
}

interface StartedLoads {
  running: LoadRunner;
  placed: readonly PlacedLoad[];
}

async function startLoads(context: RunContext, cluster: RunningCluster): Promise<StartedLoads | null> {
  const { options, clock, emit, scope, directory } = context;
  const loads = placeLoads(cluster, options.plan.experiment.load, cluster.keySpaces);
  if (loads.length === 0) return null;
  const tables = await commandTables(cluster, wholes(loads), emit, context.signal);
  const load = await startLoad({
    specs: loads.map(({ spec }) => spec),
    partOf: Object.fromEntries(loads.map(({ spec, told }) => [spec.name, told])),
    targets: Object.fromEntries(loads.map(({ spec, targets }) => [spec.name, targets()])),
    seed: options.plan.seed,
    clock,
    emit,
    login: cluster.login,
    tables: Object.fromEntries(loads.map(({ spec, told }) => [spec.name, tables[told] ?? []])),
    ...(cluster.sharded && { peers: Object.fromEntries(loads.map(({ spec }) => [spec.name, peersOf(cluster, spec)])) }),
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
  /** As a client of the cluster does, the part of a load in a slot goes where a server says that the slot is now. */
  function follow(name: string, from: string, text: string): void {
    const placed = loads.find(({ spec }) => spec.name === name);
    const to = movedTo(cluster, text);
    if (!placed || to === null || to.slot !== placed.slot || to.node === from) return;
    if (placed.moveTo(to.node)) {
      cluster.shards?.moveSlot(to.slot, to.node);
      emit({ type: "load-moved", load: placed.told, slot: to.slot, from, to: to.node, slots: placed.spec.slots ?? 1 });
    }
    load.retarget(name, placed.targets());
  }
  return { running: load, placed: loads };
}

/** The loads, or shards' parts of them, of which the parts in slots are. */
function wholes(loads: readonly PlacedLoad[]): LoadSpec[] {
  return [...new Map(loads.map(({ spec, told }) => [told, { ...spec, name: told }])).values()];
}

/** Where a load's clients dial the nodes that servers send them to. */
function peersOf(cluster: RunningCluster, spec: PlacedLoad["spec"]): Record<string, LoadTarget> {
  const peers = loadTargets(cluster, { ...spec, on: cluster.nodes.map(({ name }) => name) });
  return Object.fromEntries(peers.flatMap((peer) => cluster.namesOf(peer.node).map((name) => [name, peer])));
}

/** "MOVED 2843 172.21.255.254:6666" → slot and node; null: it names nobody that is known. */
function movedTo(cluster: RunningCluster, text: string): { slot: number; node: string } | null {
  const [, slot, host, port] = /^MOVED (\d+) (\S+):(\d+)/.exec(text) ?? [];
  const node = host === undefined ? null : cluster.nodeAt(host, Number(port));
  return node === null ? null : { slot: Number(slot), node };
}
