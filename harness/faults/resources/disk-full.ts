import { messageOf } from "../../base/chaos-error.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import { defineFault, type Effect } from "../fault.ts";
import { nodeParameter, parameters, sizeParameter } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { diskOf, diskSize, mb } from "./own-disk.ts";

const WRITE_MS = 10_000;
const WRITE_BYTES = 64 * 1024;
/** The file system's own blocks. */
const SLACK = 1024 ** 2;

/**
 * The disk of a node's data fills up: from `leave` bytes on, the server's writes fail with ENOSPC. The disk is a file system
 * of the node's own (docker/disk.ts), made when the run begins; the host's disk does not fill. Needs root and an engine on
 * this machine. Heal: the space is free again. Effect: the free space as the server sees it and, with nothing left, a write
 * from within its container that the kernel refuses.
 */
export const diskFull = defineFault({
  kind: "disk-full",
  summary: "fill a node's disk: its writes fail with ENOSPC",
  lasting: true,
  parameters: parameters({
    node: nodeParameter("whose disk fills up"),
    leave: sizeParameter("bytes that stay free at that moment").default("0B"),
    disk: diskSize,
  }),
  ownDisk: ({ disk }) => disk,
  inject: async (context, { node: selector, leave }) => {
    const node = selectNode(context.cluster, selector);
    const disk = diskOf(node);
    const held = node.resources.held.of("disk space", async () => async (least) => {
      await disk.unfill();
      if (least !== null) await disk.fill(least);
    });
    context.onHeal(`free the disk of ${node.name}`, () => held.letGo(context.id));
    await held.hold(context.id, leave);
    return { targets: [node.name], effect: () => measure(node, leave, context.signal) };
  },
});

async function measure(node: ClusterNode, leave: number, signal: AbortSignal): Promise<Effect> {
  const { resources } = node;
  const free = await resources.freeSpace();
  const summary = `${node.name} has ${mb(free)} of ${mb(diskOf(node).bytes)} free`;
  if (free > leave + SLACK) return { measured: false, summary: `${summary}; asked: ${mb(leave)}` };
  if (leave > 0) return { measured: true, summary };
  const refused = await resources.writeSynced(WRITE_BYTES, { within: WRITE_MS, signal }).then(
    () => null,
    (error: unknown) => messageOf(error),
  );
  signal.throwIfAborted();
  if (refused === null) return { measured: false, summary: `${summary}, yet a write of 64 KiB worked` };
  return { measured: true, summary: `${summary}; a write of 64 KiB: ${refused}` };
}
