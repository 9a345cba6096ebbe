import type { ClusterNode } from "../../cluster/cluster.ts";
import { defineFault, type FaultContext } from "../fault.ts";
import { durationParameter, nodeParameter, parameters } from "../parameters.ts";
import { selectNode } from "../selector.ts";

export const START_MS = 30_000;
const STOP_MS = 10_000;

/** Starts a server that has ended, with the role that the topology gives it. */
export async function startAgain({ cluster, id }: FaultContext, node: ClusterNode): Promise<void> {
  await node.start({ within: START_MS });
  await cluster.restoreRole(node.name, { within: START_MS, by: id });
}

/**
 * A graceful restart: SIGTERM, wait, start, role as the topology says. Heal: the same start again, should injecting
 * have failed half-way. Effect: the container's start time changed.
 */
export const restart = defineFault({
  kind: "restart",
  summary: "stop a node gracefully and start it again",
  lasting: false,
  parameters: parameters({
    node: nodeParameter("who is stopped gracefully and started again"),
    "stop-within": durationParameter(
      "time for a graceful stop before SIGKILL (default: what the server needs, 10 s; Pika 30 s)",
    ).optional(),
  }),
  inject: async (context, { node: selector, stopWithin }) => {
    const { cluster, signal } = context;
    const node = selectNode(cluster, selector);
    const before = await node.inspect();
    const release = context.claim(node.name, "down");
    const start = (): Promise<void> => startAgain(context, node);
    context.onHeal(`start ${node.name}`, start);
    await node.stop(Math.ceil((stopWithin ?? node.server.system.stopWithin ?? STOP_MS) / 1000));
    signal.throwIfAborted();
    await start();
    release();
    return {
      targets: [node.name],
      effect: async () => {
        const after = await node.inspect();
        return after.startedAt !== before.startedAt
          ? { measured: true, summary: `started again at ${after.startedAt}` }
          : { measured: false, summary: "its start time did not change" };
      },
    };
  },
});
