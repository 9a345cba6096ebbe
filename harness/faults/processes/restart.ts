import { ChaosError } from "../../base/chaos-error.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import { defineFault, type FaultContext } from "../fault.ts";
import { durationParameter, nodeParameter, parameters } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { type Exchanged, imageParameter, startOther } from "./other-server.ts";

export const START_MS = 30_000;
const STOP_MS = 10_000;

/**
 * Starts a server that has ended, with the role that the topology gives it. One that ends again before it has answered is what the run is
 * about: it is journaled, and this resolves. @returns how it ended, in words; null: it answers
 */
export async function startAgain({ cluster, emit, id }: FaultContext, node: ClusterNode): Promise<string | null> {
  if (node.role === "helper") {
    await node.start({ within: START_MS });
    return null;
  }
  const { failure, server } = await node.startAs(null, { within: START_MS });
  if (server.ended) {
    emit({ type: "server", node: node.name, by: id, ...server });
    return `${node.name} ended with exit code ${server.ended.exitCode} when it was started again`;
  }
  if (failure !== null) throw new ChaosError("infrastructure", failure);
  await cluster.restoreRole(node.name, { within: START_MS, by: id });
  return null;
}

interface Restart {
  /** ms; null: what the server needs. */
  stopWithin: number | null;
  /** Of another server; undefined: the same again. */
  image?: string | undefined;
}

/**
 * SIGTERM, wait, start, role as the topology says; the same start is the heal, should this fail half-way.
 * @returns what became of another server, or of one that ended again; null: it is the same, and answers
 */
export async function restartNode(
  context: FaultContext,
  node: ClusterNode,
  { stopWithin, image }: Restart,
): Promise<Exchanged | null> {
  const { signal } = context;
  const release = context.claim(node.name, "down");
  let isOver = false;
  context.onHeal(`start ${node.name}`, async () => {
    if (!isOver) await startAgain(context, node);
  });
  await node.stop(Math.ceil((stopWithin ?? node.server.system.stopWithin ?? STOP_MS) / 1000));
  signal.throwIfAborted();
  const became = image === undefined ? await again(context, node) : await startOther(context, node, image, START_MS);
  // One that has ended on these data would end again.
  isOver = became !== null;
  release();
  return became;
}

async function again(context: FaultContext, node: ClusterNode): Promise<Exchanged | null> {
  const ended = await startAgain(context, node);
  return ended === null ? null : { answers: false, summary: ended };
}

/**
 * A graceful restart: SIGTERM, wait, start, role as the topology says; with `image` another server starts on the same data.
 * Heal: the same start again, should injecting have failed half-way. Effect: the container's start time changed.
 */
export const restart = defineFault({
  kind: "restart",
  harmsHelpers: true,
  summary: "stop a node gracefully and start it again, with another server on the same data where one is named",
  lasting: false,
  parameters: parameters(
    {
      node: nodeParameter("who is stopped gracefully and started again"),
      "stop-within": durationParameter(
        "time for a graceful stop before SIGKILL (default: what the server needs, 10 s; Pika 30 s)",
      ).optional(),
      image: imageParameter(
        "another server that takes over the node's data, addresses and role, and stays (an upgrade, or a downgrade); one that does not start on them is a finding of `no-crash`",
      ).orAbsent(),
    },
    {
      mentions: ({ image, node }) =>
        image === undefined ? [] : [{ kind: "image", name: image, node, path: ["image"] }],
    },
  ),
  inject: async (context, { node: selector, ...how }) => {
    const node = selectNode(context.cluster, selector);
    const before = await node.inspect();
    const other = await restartNode(context, node, how);
    return {
      targets: [node.name],
      effect: async () => {
        if (other) return { measured: true, summary: other.summary };
        const after = await node.inspect();
        return after.startedAt !== before.startedAt
          ? { measured: true, summary: `started again at ${after.startedAt}` }
          : { measured: false, summary: "its start time did not change" };
      },
    };
  },
});
