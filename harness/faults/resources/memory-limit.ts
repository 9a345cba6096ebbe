import { z } from "zod";
import { sizeRange } from "../../base/units.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import type { Effect, Fault } from "../fault.ts";
import { mentionNode, nodeSelector, resolvedNode, resolveNode, selectNode } from "../selector.ts";
import { heldOn } from "./held.ts";

/** The engine takes no less. */
const LEAST = 6 * 1024 ** 2;

const params = z
  .strictObject({
    node: nodeSelector.describe("who gets less memory"),
    limit: sizeRange
      .refine(({ min }) => min >= LEAST, { error: "expected at least 6MiB" })
      .optional()
      .describe("what it may use in all; must be more than it uses now"),
    headroom: sizeRange.optional().describe("instead: that much more than it uses at that moment"),
  })
  .refine((p) => (p.limit === undefined) !== (p.headroom === undefined), {
    error: "expected either `limit` or `headroom`",
  });
type Params = z.infer<typeof params>;
const resolved = z.strictObject({
  node: resolvedNode,
  limit: z.number().min(LEAST).nullable(),
  headroom: z.number().min(0).nullable(),
});
type Resolved = z.infer<typeof resolved>;

/**
 * A container may use that much memory (the kernel's page cache for its files included) and no swap; the kernel kills a
 * process in it that cannot do with it. No claim is made: a server that dies so is found as a crash, class `oom-killed`.
 * Heal: what it might use before; a dead server stays dead. Effect: the limit as the kernel has it, and what is in use.
 */
export const memoryLimit: Fault<Params, Resolved> = {
  kind: "memory-limit",
  summary: "give a node less memory; beyond it the kernel kills",
  lasting: true,
  params,
  resolved,
  mentions: (p) => mentionNode(p.node, ["node"]),
  resolve: (p, random, _occurrence, shape) => ({
    node: resolveNode(p.node, random, shape),
    limit: p.limit ?? null,
    headroom: p.headroom ?? null,
  }),
  inject: async (context, { node: selector, limit, headroom }) => {
    const node = selectNode(context.cluster, selector);
    const { resources } = node;
    const bytes = limit ?? Math.max(LEAST, Math.round((await resources.use()).memoryBytes + (headroom ?? 0)));
    const held = heldOn(node, "memory", async () => {
      const { memory } = await resources.limits();
      return (least) => resources.setLimits({ memory: least === null ? memory : Math.min(least, memory ?? least) });
    });
    context.onHeal(`give ${node.name} its memory back`, () => held.letGo(context.id));
    await held.hold(context.id, bytes);
    return { targets: [node.name], effect: () => measure(node, bytes) };
  },
};

async function measure(node: ClusterNode, bytes: number): Promise<Effect> {
  const { running, oomKilled } = await node.inspect();
  if (!running && oomKilled) return { measured: true, summary: `${node.name} was killed at ${mb(bytes)}` };
  const { memoryBytes, memoryLimit: kernel } = await node.resources.use();
  const summary = `${node.name} may use ${mb(kernel)}, uses ${mb(memoryBytes)}`;
  return kernel <= bytes
    ? { measured: true, summary }
    : { measured: false, summary: `${summary}; asked: ${mb(bytes)}` };
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
