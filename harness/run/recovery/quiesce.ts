import { messageOf } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import { compareNodes } from "../../cluster/compare/compare.ts";
import { deviationOf } from "../../cluster/dial/deviation.ts";
import { type Aftermath, inTrouble } from "./aftermath.ts";
import { type FinalReadOptions, readRecorded } from "./final-reads.ts";

const STATE_MS = 2_000;
const DRAIN_MS = 30_000;
const COMPARE_MS = 120_000;
/** A link that has been down for so long after recovery is not about to come up. */
const DOWN_MS = 12_000;
/** A replica may acknowledge an offset before it has applied it (docs/facts.md#pika): differing datasets are read again. */
const SETTLE_MS = 10_000;

type QuiesceOptions = Pick<Aftermath, "cluster" | "watchdog" | "claims" | "emit" | "signal">;

/** Asks every server once more who it is, whatever the rate of polling: what the checks judge roles by; and who, where
 * they choose, is master for whom. */
export async function readFinalStates({ cluster, emit, claims, signal }: QuiesceOptions): Promise<void> {
  const abandoned = claims.abandoned();
  const alive = cluster.nodes.filter(({ name }) => !abandoned.includes(name));
  await Promise.all(
    alive.map(async (node) => {
      const state = await node.state({ within: STATE_MS, signal }).catch(() => signal.throwIfAborted());
      if (state) emit({ type: "node-state", node: node.name, state });
    }),
  );
  await cluster.agreement?.journal(emit, { within: STATE_MS, signal });
}

/** Load has stopped: waits until replication has drained, then compares every replica's data with its master's. */
export async function compareReplicas(options: QuiesceOptions): Promise<void> {
  const { cluster, claims } = options;
  const abandoned = claims.abandoned();
  const pairs = Object.entries(cluster.topology.replicaOf).filter(
    ([replica, master]) => !abandoned.includes(replica) && !abandoned.includes(master),
  );
  // One after the other: reading whole datasets in parallel would starve a small machine.
  for (const [replica, master] of pairs) await comparePair(options, master, replica);
}

async function comparePair(options: QuiesceOptions, master: string, replica: string): Promise<void> {
  const { cluster, watchdog, emit, signal } = options;
  const incomplete = (why: string): void => {
    const none = { masterKeys: 0, replicaKeys: 0, different: 0, differences: [], ms: 0 };
    emit({ type: "comparison", master, replica, complete: false, why, ...none });
  };
  const trouble = inTrouble(watchdog, master) ?? inTrouble(watchdog, replica);
  if (trouble !== null) return incomplete(trouble);
  try {
    const linked = await drained(options, master, replica);
    const compare = () => compareNodes(cluster, master, replica, { within: COMPARE_MS, signal });
    let last = await compare();
    // What is not linked gets nothing more to apply.
    if (last.different > 0 && linked) {
      await until({ what: "equal datasets", within: SETTLE_MS, signal, every: 1_000 }, async () => {
        last = await compare();
        return last.different === 0;
      }).catch(() => signal.throwIfAborted());
    }
    emit({ type: "comparison", ...last });
  } catch (error) {
    signal.throwIfAborted();
    incomplete(messageOf(error));
  }
}

/** Load has stopped: lets replication drain and reads from every node what the recorded loads touched. */
export async function readCells(
  options: QuiesceOptions & Omit<FinalReadOptions, "cluster" | "unreadable">,
): Promise<void> {
  const { cluster, claims, watchdog, signal, placed } = options;
  if (!placed.some(({ spec }) => spec.record)) return;
  const unreadable = (name: string): string | null =>
    claims.abandoned().includes(name) ? "it was left as a fault left it" : inTrouble(watchdog, name);
  const pairs = Object.entries(cluster.topology.replicaOf).filter((pair) => !pair.some(unreadable));
  // One that does not tell its offset shows in what is read of it.
  await Promise.all(
    pairs.map(([replica, master]) => drained(options, master, replica).catch(() => signal.throwIfAborted())),
  );
  await readRecorded({ ...options, unreadable });
}

/**
 * A replica that never drains is compared all the same: that it is behind is what the comparison will show.
 * @returns whether it is linked with its master
 */
async function drained(
  { cluster, watchdog, signal }: QuiesceOptions,
  master: string,
  replica: string,
): Promise<boolean> {
  // The watchdog has waited for it already.
  const hasStopped = watchdog.verdict(replica).condition === "stalled";
  const target = (await cluster.node(master).state({ signal })).offset;
  const now = await cluster.node(replica).state({ signal });
  // One that does not replicate from its master will not get there: no use waiting.
  if (deviationOf(replica, now, cluster.topology, cluster.nodeAt) !== null) return false;
  if (hasStopped && now.link === "down") return false;
  if (target === null) return true;
  let downSince: number | null = null;
  let linked = true;
  await until({ what: `${replica} to reach offset ${target}`, within: DRAIN_MS, signal, every: 100 }, async (inner) => {
    const { offset, link } = await cluster.node(replica).state({ within: 2_000, signal: inner });
    downSince = link === "down" ? (downSince ?? performance.now()) : null;
    linked = downSince === null || performance.now() - downSince < DOWN_MS;
    return !linked || offset === null || offset >= target;
  }).catch(() => signal.throwIfAborted());
  return linked;
}
