import type { ClusterNode } from "../../cluster/cluster.ts";
import { defineFault, type Effect } from "../fault.ts";
import { nodeParameter, parameters, sizeParameter } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { mb } from "./own-disk.ts";

/** The engine takes no less. */
const LEAST = 6 * 1024 ** 2;

/**
 * A container may use that much memory (the kernel's page cache for its files included) and no swap; the kernel kills a
 * process in it that cannot do with it. No claim is made: a server that dies so is found as a crash, class `oom-killed`.
 * Heal: what it might use before; a dead server stays dead. Effect: the limit as the kernel has it, and what is in use.
 */
export const memoryLimit = defineFault({
  kind: "memory-limit",
  summary: "give a node less memory; beyond it the kernel kills",
  lasting: true,
  parameters: parameters(
    {
      node: nodeParameter("who gets less memory"),
      limit: sizeParameter("what it may use in all; must be more than it uses now", { least: "6MiB" }).optional(),
      headroom: sizeParameter("instead: that much more than it uses at that moment").optional(),
    },
    {
      check: ({ limit, headroom }, wrong) => {
        if ((limit === undefined) === (headroom === undefined)) wrong("expected either `limit` or `headroom`");
      },
    },
  ),
  inject: async (context, { node: selector, limit, headroom }) => {
    const node = selectNode(context.cluster, selector);
    const { resources } = node;
    const bytes = limit ?? Math.max(LEAST, Math.round((await resources.use()).memoryBytes + (headroom ?? 0)));
    const held = resources.held.of("memory", async () => {
      const { memory } = await resources.limits();
      return (least) => resources.setLimits({ memory: least === null ? memory : Math.min(least, memory ?? least) });
    });
    context.onHeal(`give ${node.name} its memory back`, () => held.letGo(context.id));
    await held.hold(context.id, bytes);
    return { targets: [node.name], effect: () => measure(node, bytes) };
  },
});

async function measure(node: ClusterNode, bytes: number): Promise<Effect> {
  const { running, oomKilled } = await node.inspect();
  if (!running && oomKilled) return { measured: true, summary: `${node.name} was killed at ${mb(bytes)}` };
  const { memoryBytes, memoryLimit: kernel } = await node.resources.use();
  const summary = `${node.name} may use ${mb(kernel)}, uses ${mb(memoryBytes)}`;
  return kernel <= bytes
    ? { measured: true, summary }
    : { measured: false, summary: `${summary}; asked: ${mb(bytes)}` };
}
