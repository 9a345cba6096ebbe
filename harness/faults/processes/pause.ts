import { defineFault } from "../fault.ts";
import { nodeParameter, parameters } from "../parameters.ts";
import { selectNode } from "../selector.ts";

/**
 * Freezes every process of a node (cgroup freezer): connections stay open, nothing answers, no FIN, no RST.
 * Heal: unpause. Effect: the engine says paused and a PING stays unanswered.
 */
export const pause = defineFault({
  kind: "pause",
  onAttached: "allowed",
  harmsHelpers: true,
  summary: "freeze a node's processes",
  lasting: true,
  parameters: parameters({ node: nodeParameter("whose processes are frozen") }),
  inject: async (context, { node: selector }) => {
    const node = selectNode(context.cluster, selector);
    context.claim(node.name, "paused");
    context.onHeal(`unpause ${node.name}`, () => node.unpause());
    await node.pause();
    return {
      targets: [node.name],
      effect: async () => {
        const { paused } = await node.inspect();
        if (node.role === "helper")
          return {
            measured: paused,
            summary: paused ? "frozen, as the engine says" : "the engine does not say paused",
          };
        const answered = await node.admin(["PING"], { within: 300 }).then(
          () => true,
          () => false,
        );
        return paused && !answered
          ? { measured: true, summary: "frozen: PING unanswered for 300 ms" }
          : { measured: false, summary: paused ? "paused, yet PING was answered" : "the engine does not say paused" };
      },
    };
  },
});
