import { defineFault } from "../../harness/faults/fault.ts";
import { nodeParameter, parameters } from "../../harness/faults/parameters.ts";
import { selectNode } from "../../harness/faults/selector.ts";

const WITHIN_MS = 5_000;

/** A master closes the connections of its replicas. Heal: nothing, they come back by themselves. Effect: how many it closed. */
export const dropReplicas = defineFault({
  kind: "drop-replicas",
  summary: "close the replication connections of a master",
  lasting: false,
  // Said once: what a user may write, that an unknown node is refused at its line and column, and what the plan then holds.
  parameters: parameters({ node: nodeParameter("whose replicas are dropped").default("master") }),
  inject: async ({ cluster, signal }, params) => {
    const node = selectNode(cluster, params.node);
    const closed = await node.admin(["CLIENT", "KILL", "TYPE", "replica"], { within: WITHIN_MS, signal });
    return {
      targets: [node.name],
      // A fault without measured effect makes the run inconclusive.
      effect: async () => ({ measured: Number(closed) > 0, summary: `${closed} connections closed` }),
    };
  },
});
