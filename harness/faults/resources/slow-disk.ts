import { ChaosError } from "../../base/chaos-error.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { nodeParameter, parameters, sizeParameter } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { diskOf, diskSize, mb } from "./own-disk.ts";

/** What is written to measure: as much as takes two seconds, within these bounds. */
const MEASURE_SECONDS = 2;
const MEASURE_LEAST = 64 * 1024;
const MEASURE_MOST = 16 * 1024 ** 2;
/** The server's own writes may hold it up. Below the time that an effect may take. */
const MEASURE_MS = 17_000;

/**
 * The disk of a node's data takes and gives `rate` bytes per second (the kernel's I/O throttling of its container; what
 * others do on the host is not held up, because the disk is the node's own: docker/disk.ts). With cgroup v1 only what the
 * server writes itself is slow, such as fsync, and not what the kernel writes back later. Needs root and an engine on this
 * machine. Heal: no cap. Effect: a write with fsync from within the container takes as long as the cap says.
 */
export const slowDisk = defineFault({
  kind: "slow-disk",
  summary: "cap the bytes per second of a node's disk",
  lasting: true,
  parameters: parameters({
    node: nodeParameter("whose disk is slow"),
    rate: sizeParameter("bytes per second in each direction, at least 10KB", { least: "10KB" }),
    disk: diskSize,
  }),
  ownDisk: ({ disk }) => disk,
  inject: async (context, { node: selector, rate }) => {
    const node = selectNode(context.cluster, selector);
    diskOf(node);
    const held = node.resources.held.of("disk rate", async () => (least) => node.resources.throttleDisk(least));
    context.onHeal(`let the disk of ${node.name} be fast`, () => held.letGo(context.id));
    await held.hold(context.id, rate);
    return { targets: [node.name], effect: () => measure(context, node, rate) };
  },
});

async function measure({ clock, signal }: FaultContext, node: ClusterNode, rate: number): Promise<Effect> {
  const bytes = Math.min(MEASURE_MOST, Math.max(MEASURE_LEAST, rate * MEASURE_SECONDS));
  const expected = (bytes / rate) * 1000;
  const started = clock.now();
  let end = "";
  try {
    await node.resources.writeSynced(bytes, { within: MEASURE_MS, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ChaosError && error.code === "timeout")) throw error;
    end = ", and it went on";
  }
  const took = clock.now() - started;
  return {
    // A fifth of slack: the kernel lets a first piece through at once.
    measured: took >= expected * 0.8,
    summary: `${mb(bytes)} written with fsync on ${node.name} took ${(took / 1000).toFixed(1)} s${end}; at ${mb(rate)}/s it takes ${(expected / 1000).toFixed(1)} s`,
  };
}
