import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { seededRandom } from "../base/random.ts";
import type { ClusterNode } from "../cluster/cluster.ts";
import type { MakeOptions } from "../cluster/containers.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import { preloadRefusal } from "../cluster/try-preload.ts";
import type { LockGraph } from "../locks/graph.ts";
import { makeLibrary } from "../locks/library/make-library.ts";
import type { LockFolder } from "../locks/lock-folder.ts";
import type { RunContext } from "./run-context.ts";

/** How far apart two moments are that a dependency is noted with, ms. */
const TICK_MS = 100;
/** A lock that is held for longer than this while its holder waits for something else is told of, ms. */
const LONG_WAIT_MS = 100;

/** What servers are started with so that they write their lock graphs down; null: not asked for, or not possible, which is noted. */
export async function lockOptions(context: RunContext): Promise<MakeOptions["locks"]> {
  const { options, runId, emit, signal } = context;
  const { engine, system, image, plan } = options;
  if (!plan.experiment.locks) return null;
  const library = await makeLibrary(signal);
  const refusal = await preloadRefusal(engine, system, image, { library, signal });
  if (refusal !== null) {
    emit({ type: "note", about: "locks", text: `the servers' locks are not seen: ${refusal}` });
    return null;
  }
  const info = await engine.inspectImage(image, { signal });
  return { library, runId, preloaded: info?.environment?.LD_PRELOAD, longWait: LONG_WAIT_MS };
}

type LockNode = Pick<ClusterNode, "name"> & { locks: LockFolder };

/** Follows the lock graphs of a cluster's servers: time passes in them, and at the end of every phase they are kept. */
export class LockWatch {
  readonly #context: RunContext;
  readonly #nodes: readonly LockNode[];

  constructor(context: RunContext, cluster: Pick<RunningCluster, "nodes">) {
    this.#context = context;
    this.#nodes = cluster.nodes.flatMap(({ name, locks }) => (locks ? [{ name, locks }] : []));
    if (this.#nodes.length === 0) return;
    const { noise } = context.options.plan.experiment;
    const random = seededRandom(context.options.plan.seed).fork("noise");
    for (const { name, locks } of this.#nodes) {
      if (noise) locks.setNoise({ ...noise, seed: random.fork(name).int(0, 0xffffffff) });
    }
    const timer = setInterval(() => this.#tick(), TICK_MS);
    context.scope.defer("stop the servers' lock clocks", async () => clearInterval(timer));
  }

  /** Keeps what every server has written so far. Never rejects: what could not be read is noted. */
  async keep(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => this.#keep(node)));
  }

  /** The graphs of all processes that had threads, by node, oldest first. */
  async graphs(): Promise<{ node: string; graphs: LockGraph[] }[]> {
    return Promise.all(this.#nodes.map(async ({ name, locks }) => ({ node: name, graphs: await locks.graphs() })));
  }

  async #keep({ name, locks }: LockNode): Promise<void> {
    const { directory, emit } = this.#context;
    try {
      const folder = path.join("evidence", "locks");
      await mkdir(path.join(directory, folder), { recursive: true });
      for (const [i, graph] of (await locks.graphs()).entries()) {
        const file = path.join(folder, `${name}-${i + 1}.json`);
        await writeFile(path.join(directory, file), graphText(graph));
        const { pid, executable, threads, dependencies, lost } = graph;
        emit({
          ...{ type: "lock-graph", node: name, pid, executable, threads: threads.size },
          ...{ dependencies: dependencies.length, lost: [...lost], file },
        });
      }
    } catch (error) {
      emit({ type: "note", about: name, text: `its lock graph could not be read: ${messageOf(error)}` });
    }
  }

  #tick(): void {
    for (const { locks } of this.#nodes) locks.tick();
  }
}

/** For people and programs: all but the stacks' bytes and the memory map. */
function graphText({ threads, stacks: _, maps: __, ...graph }: LockGraph): string {
  return `${JSON.stringify({ ...graph, threads: [...threads.values()] })}\n`;
}
