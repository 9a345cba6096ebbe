import { ChaosError } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { nodeParameter, parameters, percentParameter } from "../parameters.ts";
import { selectNode } from "../selector.ts";

/** How long a server may take to want more than it gets, ms. */
const BITE_MS = 10_000;
const LOOK_MS = 500;

/**
 * A container gets no more than a part of one core (the kernel's CFS quota: it stands still for the rest of every 0.1 s).
 * Heal: what it might use before. Effect: the kernel counts periods in which the container wanted more than it got; a server
 * that has nothing to do is not held back, and the run is inconclusive.
 */
export const cpuLimit = defineFault({
  kind: "cpu-limit",
  summary: "give a node a part of one core",
  lasting: true,
  parameters: parameters({
    node: nodeParameter("who gets less CPU"),
    cpu: percentParameter("of one core, from 1% to 100%", { least: "1%" }),
  }),
  inject: async (context, { node: selector, cpu }) => {
    const node = selectNode(context.cluster, selector);
    const { resources } = node;
    const held = resources.held.of("cpu", async () => {
      const { cpus } = await resources.limits();
      return (least) => resources.setLimits({ cpus: least === null ? cpus : Math.min(least, cpus ?? least) });
    });
    context.onHeal(`give ${node.name} its CPU back`, () => held.letGo(context.id));
    await held.hold(context.id, cpu);
    return { targets: [node.name], effect: () => measure(context, node.name, cpu) };
  },
});

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
