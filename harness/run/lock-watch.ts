import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { seededRandom } from "../base/random.ts";
import type { ClusterNode } from "../cluster/cluster.ts";
import type { MakeOptions } from "../cluster/containers.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import { preloadRefusal } from "../cluster/try-preload.ts";
import { foretell } from "../locks/foretell.ts";
import type { LockGraph } from "../locks/graph.ts";
import { makeLibrary } from "../locks/library/make-library.ts";
import { LIBRARY_INSIDE, LockFolder } from "../locks/lock-folder.ts";
import { GraphNames } from "../locks/names/graph-names.ts";
import { serverIn } from "../systems/system-of-image.ts";
import type { RunContext } from "./run-context.ts";

/** How far apart two moments are that a dependency is noted with, ms. */
const TICK_MS = 100;
/** A lock that is held for longer than this while its holder waits for something else is told of, ms. */
const LONG_WAIT_MS = 100;

/** For each program that names functions, ms. */
const NAMES_MS = 60_000;

/** What servers are started with so that they write their lock graphs down; null: not asked for, or not possible, which is noted. */
export async function lockOptions(context: RunContext): Promise<MakeOptions["locks"]> {
  const { options, runId, emit, signal } = context;
  const { engine, system, image: plain, plan } = options;
  if (!plan.experiment.locks) return null;
  const library = await makeLibrary(signal);
  const preloaded: Record<string, string | undefined> = {};
  for (const image of new Set([plain, ...Object.values(plan.experiment.images.nodes ?? {})])) {
    const own = serverIn(image, system).system;
    const make = (tryId: string) => LockFolder.make(tryId, "server", library, 0);
    const refusal = await preloadRefusal(engine, own, image, { library: { hash: library.hash, make }, signal });
    if (refusal !== null) {
      const whose = Object.keys(preloaded).length > 0 || image !== plain ? ` (${image})` : "";
      emit({ type: "note", about: "locks", text: `the servers' locks are not seen${whose}: ${refusal}` });
      return null;
    }
    preloaded[image] = (await engine.inspectImage(image, { signal }))?.environment?.LD_PRELOAD;
  }
  return { library, runId, preloaded, longWait: LONG_WAIT_MS };
}

type LockNode = Pick<ClusterNode, "name" | "container"> & { locks: LockFolder };

/** Follows the lock graphs of a cluster's servers: time passes in them, and at the end of every phase they are kept. */
export class LockWatch {
  readonly #context: RunContext;
  readonly #nodes: readonly LockNode[];

  constructor(context: RunContext, cluster: Pick<RunningCluster, "nodes">) {
    this.#context = context;
    this.#nodes = cluster.nodes.flatMap(({ name, container, locks }) => (locks ? [{ name, container, locks }] : []));
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

  /** Tells what the graphs foretell, one node after the other: naming functions takes a core for itself. Never rejects. */
  async foretell(): Promise<void> {
    if (this.#nodes.length === 0) return;
    const files = await mkdtemp(path.join(tmpdir(), "kvchaos-symbols-"));
    try {
      for (const node of this.#nodes) await this.#foretell(node, files);
    } finally {
      await rm(files, { recursive: true, force: true });
    }
  }

  async #foretell({ name, locks, container }: LockNode, files: string): Promise<void> {
    const { emit, signal, clock, options } = this.#context;
    const copies = new Map<string, string>([[LIBRARY_INSIDE, locks.library]]);
    const fetchFile = async (inside: string): Promise<string | null> => {
      const known = copies.get(inside);
      if (known !== undefined) return known;
      const to = path.join(files, `${name}-${copies.size}`);
      const copied = await options.engine.copyOut(container, inside, to, { signal });
      if (copied === null) return null;
      copies.set(inside, to);
      return to;
    };
    try {
      for (const graph of await locks.graphs()) {
        const since = graph.started - Number(clock.origin) / 1e6;
        const names = new GraphNames(graph, { fetchFile, within: NAMES_MS, signal });
        const { predictions, waits, incomplete } = await foretell(graph, names, since);
        for (const prediction of predictions) emit({ type: "prediction", node: name, prediction });
        for (const wait of waits) emit({ type: "long-wait", node: name, wait });
        for (const text of incomplete) emit({ type: "note", about: name, text: `lock graph: ${text}` });
      }
    } catch (error) {
      signal.throwIfAborted();
      emit({ type: "note", about: name, text: `its lock graph could not be judged: ${messageOf(error)}` });
    }
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
