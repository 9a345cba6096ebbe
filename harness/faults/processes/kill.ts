import { z } from "zod";
import { until } from "../../base/deadline.ts";
import { durationMs } from "../../base/units.ts";
import { defineFault } from "../fault.ts";
import { nodeParameter, parameters, plainParameter } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { startAgain } from "./restart.ts";

const EXIT_MS = 30_000;

const never = z.literal("never");
/**
 * Sends a signal to the server and, when that ends it, starts it again later with the role the topology gives it.
 * Heal: started, ready, in its role. Effect: the process is gone with an exit code.
 */
export const kill = defineFault({
  kind: "kill",
  onAttached: "allowed",
  harmsHelpers: true,
  summary: "send a signal to a server, start it again later or not",
  lasting: true,
  parameters: parameters({
    node: nodeParameter("whose server process gets the signal"),
    signal: plainParameter(
      z.string().regex(/^SIG[A-Z0-9]+$/, { error: 'expected a signal name like "SIGKILL" or "SIGTERM"' }),
      "what is sent to it",
    ).default("SIGKILL"),
    "restart-after": plainParameter(
      z.union([never, durationMs]),
      "start it again after this long; `never`: it stays down; without it: at the heal phase",
      z.union([never, z.number().min(0)]),
    ).optional(),
  }),
  ownDuration: ({ restartAfter }) => (typeof restartAfter === "number" ? restartAfter : null),
  inject: async (context, { node: selector, signal: name, restartAfter }) => {
    const { cluster, signal } = context;
    const node = selectNode(cluster, selector);
    context.claim(node.name, "down", restartAfter === "never");
    if (restartAfter !== "never")
      context.onHeal(`start ${node.name}`, async () => void (await startAgain(context, node)));
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
});
