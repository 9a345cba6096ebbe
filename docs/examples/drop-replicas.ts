import { z } from "zod";
import type { Fault } from "../../harness/faults/fault.ts";
import { mentionNode, nodeSelector, resolveNode, selectNode } from "../../harness/faults/selector.ts";

const WITHIN_MS = 5_000;

const params = z.strictObject({ node: nodeSelector.default("master").describe("whose replicas are dropped") });
type Params = z.infer<typeof params>;

/** A master closes the connections of its replicas. Heal: nothing, they come back by themselves. Effect: how many it closed. */
export const dropReplicas: Fault<Params> = {
  kind: "drop-replicas",
  summary: "close the replication connections of a master",
  lasting: false,
  params,
  // Names in the experiment: an unknown one is refused at its line and column.
  mentions: (p) => mentionNode(p.node, ["node"]),
  // Every random choice is made here, from the seed, before anything is started.
  resolve: (p, random, _occurrence, shape) => ({ node: resolveNode(p.node, random, shape) }),
  inject: async ({ cluster, signal }, p) => {
    const node = selectNode(cluster, p.node);
    const closed = await node.admin(["CLIENT", "KILL", "TYPE", "replica"], { within: WITHIN_MS, signal });
    return {
      targets: [node.name],
      // A fault without measured effect makes the run inconclusive.
      effect: async () => ({ measured: Number(closed) > 0, summary: `${closed} connections closed` }),
    };
  },
};
