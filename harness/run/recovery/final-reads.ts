import path from "node:path";
import { type Clock, wallClockLess } from "../../base/clock.ts";
import { sleep } from "../../base/deadline.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import { emptyOperation, finalFile } from "../../history/format.ts";
import { touchedCells } from "../../history/read-operations.ts";
import { HistoryWriter } from "../../history/writer.ts";
import type { Emit } from "../../journal/events.ts";
import { KIND } from "../../journal/history.ts";
import { CellValues } from "../../load/cell-values.ts";
import type { LoadRunner } from "../../load/load-runner.ts";
import { cellShape } from "../../load/operation-log.ts";
import type { PlacedLoad } from "../load-targets.ts";
import { NodeReads } from "./node-reads.ts";

/*
 *   history/<load>-<n>.ops ─► touched cells ─► NodeReads, one per node ─► differ from the master's? again, for a while
 *                                                                    └──► history/<load>-final.ops
 */

/** What every node may take however little there is to read, and what each cell may add, ms. */
const NODE_MS = 20_000;
const CELL_MS = 0.2;
/** A replica may acknowledge an offset before it has applied it (docs/facts.md#pika): what differs is read again. */
const SETTLE_MS = 10_000;
const SETTLE_PAUSE_MS = 500;
/** Records added before they are waited for. */
const AT_ONCE = 100_000;

export interface FinalReadOptions {
  cluster: Pick<Cluster, "nodes" | "node" | "topology" | "sharded">;
  clock: Clock;
  emit: Emit;
  signal: AbortSignal;
  /** The run's folder. */
  directory: string;
  running: Pick<LoadRunner, "recorded">;
  placed: readonly Pick<PlacedLoad, "spec" | "nodes">[];
  /** Why a node need not be asked, or null. */
  unreadable(node: string): string | null;
  /** How long what differs between replica and master is read again, ms. Default 10 s. */
  settleWithin?: number;
}

/**
 * Load has stopped and replication has drained: reads every cell that a recorded load touched, from every node of its
 * shard. A node that cannot be read costs its deadline at most; its cells are `info`, and a note says why.
 */
export async function readRecorded(options: FinalReadOptions): Promise<void> {
  for (const placed of options.placed) if (placed.spec.record) await readLoad(options, placed);
}

async function readLoad(
  options: FinalReadOptions,
  { spec, nodes: nodesOf }: Pick<PlacedLoad, "spec" | "nodes">,
): Promise<void> {
  const { cluster, emit, directory, running } = options;
  const names = cluster.nodes.map(({ name }) => name);
  const shape = cellShape(spec);
  const file = finalFile(spec.name);
  const tell = (step: "begin" | "end", operations: number | null): void => {
    const files = [{ file, final: true, operations }];
    const wallClock = wallClockLess(options.clock);
    emit({ type: "history", step, load: spec.name, files, shape, nodes: names, wallClock });
  };
  const cells = await touchedCells(directory, running.recorded(spec.name), shape, names);
  const writer = HistoryWriter.open(path.join(directory, file));
  tell("begin", null);
  const values = new CellValues(shape.type, spec.value);
  const reads = nodesOf().map(
    (name) =>
      new NodeReads({
        ...options,
        node: cluster.node(name),
        cells,
        shape,
        space: spec.space,
        values,
        foreign: (text) => writer.foreign(text),
      }),
  );
  const within = NODE_MS + cells.length * CELL_MS;
  await Promise.all(reads.map(async (one) => one.read(within, options.unreadable(one.name))));
  await settle(options, reads, within);
  for (const one of reads) {
    if (one.why !== null) emit({ type: "note", about: "history", text: `final reads of ${one.name}: ${one.why}` });
    await write(writer, one, names.indexOf(one.name));
  }
  const { operations, failure } = await writer.close();
  if (failure !== null) emit({ type: "note", about: "history", text: `${file}: ${failure}` });
  tell("end", operations);
}

/** Reads again, for a while, what a replica says otherwise than its master. */
async function settle(
  { cluster, signal, settleWithin = SETTLE_MS }: FinalReadOptions,
  reads: readonly NodeReads[],
  within: number,
): Promise<void> {
  const readsOf = (name: string) => reads.find((one) => one.name === name);
  for (const end = performance.now() + settleWithin; ; ) {
    const again = new Map<NodeReads, number[]>();
    for (const [replica, master] of Object.entries(cluster.topology.replicaOf)) {
      const [theirs, own] = [readsOf(replica), readsOf(master)];
      const different = theirs && own ? theirs.different(own) : [];
      if (!theirs || !own || different.length === 0) continue;
      again.set(theirs, different);
      again.set(own, [...(again.get(own) ?? []), ...different]);
    }
    if (again.size === 0 || performance.now() > end) return;
    await sleep(SETTLE_PAUSE_MS, signal);
    await Promise.all([...again].map(([one, places]) => one.readAgain([...new Set(places)], within)));
  }
}

async function write(writer: HistoryWriter, reads: NodeReads, node: number): Promise<void> {
  const operation = emptyOperation(node);
  operation.kind = KIND.read;
  operation.client = node;
  for (let i = 0; i < reads.cells.length; i++) {
    reads.fill(operation, i);
    for (const value of reads.values(i)) {
      operation.value = value;
      writer.add(operation);
    }
    if (i % AT_ONCE === AT_ONCE - 1) await writer.written();
  }
  await writer.written();
}
