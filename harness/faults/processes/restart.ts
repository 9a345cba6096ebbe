import { z } from "zod";
import { durationMs } from "../../base/units.ts";
import type { Fault } from "../fault.ts";
import { mentionNode, nodeSelector, resolvedNode, resolveNode, selectNode } from "../selector.ts";

const START_MS = 30_000;
const STOP_MS = 10_000;

const params = z.strictObject({
  node: nodeSelector.describe("who is stopped gracefully and started again"),
  "stop-within": durationMs
    .optional()
    .describe("time for a graceful stop before SIGKILL (default: what the server needs, 10 s; Pika 30 s)"),
});
type Params = z.infer<typeof params>;
const resolved = z.strictObject({ node: resolvedNode, stopWithin: z.number().min(0).nullable() });
type Resolved = z.infer<typeof resolved>;

/**
 * A graceful restart: SIGTERM, wait, start, role as the topology says. Heal: the same start again, should injecting
 * have failed half-way. Effect: the container's start time changed.
 */
export const restart: Fault<Params, Resolved> = {
  kind: "restart",
  summary: "stop a node gracefully and start it again",
  lasting: false,
  params,
  resolved,
  mentions: (p) => mentionNode(p.node, ["node"]),
  resolve: (p, random, _occurrence, shape) => ({
    node: resolveNode(p.node, random, shape),
    stopWithin: p["stop-within"] ?? null,
  }),
  inject: async (context, { node: selector, stopWithin }) => {
    const { cluster, signal } = context;
    const node = selectNode(cluster, selector);
    const before = await node.inspect();
    const release = context.claim(node.name, "down");
    const start = async (): Promise<void> => {
      await node.start({ within: START_MS });
      await cluster.restoreRole(node.name, { within: START_MS, by: context.id });
    };
    context.onHeal(`start ${node.name}`, start);
    await node.stop(Math.ceil((stopWithin ?? cluster.system.stopWithin ?? STOP_MS) / 1000));
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
};
