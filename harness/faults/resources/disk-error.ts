import { defineFault, type Effect } from "../fault.ts";
import { choiceParameter, nodeParameter, parameters, percentParameter } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { interposeRefusal, interposerOf } from "./interposed.ts";

/**
 * Calls that write or sync a node's data fail: a disk that is broken or full, though it is neither. A library that is loaded into the servers
 * answers for the C library (interpose/), so what a program does without it, or what stdio writes by itself, does not fail.
 * Heal: they work again. Effect: known at the heal: how many calls failed.
 */
export const diskError = defineFault({
  kind: "disk-error",
  summary: "let a node's writes and syncs fail with EIO or ENOSPC",
  lasting: true,
  interposes: true,
  refusal: interposeRefusal,
  parameters: parameters({
    node: nodeParameter("whose calls fail"),
    error: choiceParameter("what they fail with: a broken disk, or a full one", ["EIO", "ENOSPC"]).default("EIO"),
    calls: choiceParameter("`writes` of files in its data directory, `syncs` of them (fsync, fdatasync), or `both`", [
      "both",
      "writes",
      "syncs",
    ]).default("both"),
    probability: percentParameter("how many of these calls fail", { least: "0.1%" }).default("100%"),
  }),
  inject: async (context, { node: selector, error, calls, probability }) => {
    const node = selectNode(context.cluster, selector);
    const interposer = interposerOf(node);
    const before = interposer.failures();
    context.onHeal(`let the disk of ${node.name} work`, async () => interposer.unfail(context.id));
    interposer.fail(context.id, { error, writes: calls !== "syncs", syncs: calls !== "writes", probability });
    return {
      targets: [node.name],
      effectAt: "heal",
      effect: async (): Promise<Effect> => {
        const now = interposer.failures();
        const [writes, syncs] = [now.writes - before.writes, now.syncs - before.syncs];
        return {
          measured: writes + syncs > 0,
          summary: `${writes} writes and ${syncs} syncs of ${node.name} failed with ${error}`,
        };
      },
    };
  },
});
