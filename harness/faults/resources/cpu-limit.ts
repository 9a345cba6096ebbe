import { z } from "zod";
import { ChaosError } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import { percentRange } from "../../base/units.ts";
import type { Effect, Fault, FaultContext } from "../fault.ts";
import { mentionNode, nodeSelector, resolvedNode, resolveNode, selectNode } from "../selector.ts";
import { heldOn } from "./held.ts";

/** How long a server may take to want more than it gets, ms. */
const BITE_MS = 10_000;
const LOOK_MS = 500;

const params = z.strictObject({
  node: nodeSelector.describe("who gets less CPU"),
  cpu: percentRange
    .refine(({ min }) => min >= 0.01, { error: "expected at least 1%" })
    .describe("of one core, from 1% to 100%"),
});
type Params = z.infer<typeof params>;
const resolved = z.strictObject({ node: resolvedNode, cpu: z.number().min(0.01).max(1) });
type Resolved = z.infer<typeof resolved>;

/**
 * A container gets no more than a part of one core (the kernel's CFS quota: it stands still for the rest of every 0.1 s).
 * Heal: what it might use before. Effect: the kernel counts periods in which the container wanted more than it got; a server
 * that has nothing to do is not held back, and the run is inconclusive.
 */
export const cpuLimit: Fault<Params, Resolved> = {
  kind: "cpu-limit",
  summary: "give a node a part of one core",
  lasting: true,
  params,
  resolved,
  mentions: (p) => mentionNode(p.node, ["node"]),
  resolve: (p, random, _occurrence, shape) => ({ node: resolveNode(p.node, random, shape), cpu: p.cpu }),
  inject: async (context, { node: selector, cpu }) => {
    const node = selectNode(context.cluster, selector);
    const { resources } = node;
    const held = heldOn(node, "cpu", async () => {
      const { cpus } = await resources.limits();
      return (least) => resources.setLimits({ cpus: least === null ? cpus : Math.min(least, cpus ?? least) });
    });
    context.onHeal(`give ${node.name} its CPU back`, () => held.letGo(context.id));
    await held.hold(context.id, cpu);
    return { targets: [node.name], effect: () => measure(context, node.name, cpu) };
  },
};

async function measure({ cluster, clock, signal }: FaultContext, name: string, cpu: number): Promise<Effect> {
  const { resources } = cluster.node(name);
  const limit = `${Math.round(cpu * 100)} % of a core`;
  const [before, since] = [await resources.use(), clock.now()];
  let [now, at] = [before, since];
  try {
    await until({ what: `${name} to want more`, within: BITE_MS, signal, every: LOOK_MS }, async () => {
      [now, at] = [await resources.use(), clock.now()];
      return now.throttledPeriods > before.throttledPeriods;
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ChaosError && error.code === "timeout")) throw error;
  }
  const periods = now.throttledPeriods - before.throttledPeriods;
  const used = (((now.cpuMs - before.cpuMs) / Math.max(1, at - since)) * 100).toFixed(0);
  const told = `it used ${used} % in ${((at - since) / 1000).toFixed(1)} s`;
  if (periods <= 0) return { measured: false, summary: `${name} never wanted more than ${limit}: ${told}` };
  return { measured: true, summary: `${name} was held to ${limit} in ${periods} periods of 0.1 s; ${told}` };
}
