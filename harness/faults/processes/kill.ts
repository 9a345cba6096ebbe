import { z } from "zod";
import { until } from "../../base/deadline.ts";
import { durationMs } from "../../base/units.ts";
import type { Fault } from "../fault.ts";
import { mentionNode, nodeSelector, resolvedNode, resolveNode, selectNode } from "../selector.ts";

const EXIT_MS = 30_000;

const signalName = z.string().regex(/^SIG[A-Z0-9]+$/, { error: 'expected a signal name like "SIGKILL" or "SIGTERM"' });

const params = z.strictObject({
  node: nodeSelector.describe("whose server process gets the signal"),
  signal: signalName.default("SIGKILL"),
  "restart-after": z
    .union([z.literal("never"), durationMs])
    .optional()
    .describe("start it again after this long; `never`: it stays down; without it: at the heal phase"),
});
type Params = z.infer<typeof params>;
const resolved = z.strictObject({
  node: resolvedNode,
  signal: signalName,
  restartAfter: z.union([z.literal("never"), z.number().min(0)]).nullable(),
});
type Resolved = z.infer<typeof resolved>;

/**
 * Sends a signal to the server and, when that ends it, starts it again later with the role the topology gives it.
 * Heal: started, ready, in its role. Effect: the process is gone with an exit code.
 */
export const kill: Fault<Params, Resolved> = {
  kind: "kill",
  summary: "send a signal to a server, start it again later or not",
  lasting: true,
  params,
  resolved,
  ownDuration: ({ restartAfter }) => (typeof restartAfter === "number" ? restartAfter : null),
  mentions: (p) => mentionNode(p.node, ["node"]),
  resolve: (p, random, _occurrence, shape) => ({
    node: resolveNode(p.node, random, shape),
    signal: p.signal,
    restartAfter: p["restart-after"] ?? null,
  }),
  inject: async (context, { node: selector, signal: name, restartAfter }) => {
    const { cluster, signal } = context;
    const node = selectNode(cluster, selector);
    context.claim(node.name, "down", restartAfter === "never");
    if (restartAfter !== "never") {
      context.onHeal(`start ${node.name}`, async () => {
        await node.start({ within: EXIT_MS });
        await cluster.restoreRole(node.name, { within: EXIT_MS, by: context.id });
      });
    }
    await node.kill(name);
    const gone = await until({ what: `${node.name} to end on ${name}`, within: EXIT_MS, signal }, async () => {
      const state = await node.inspect();
      return !state.running && state;
    });
    return {
      targets: [node.name],
      effect: async () => ({ measured: true, summary: `${name}: exited with code ${gone.exitCode}` }),
    };
  },
};
