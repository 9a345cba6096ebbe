import { z } from "zod";
import { messageOf } from "../base/chaos-error.ts";
import type { Fault } from "./fault.ts";
import { mentionNode, nodeSelector, resolvedNode, resolveNode, selectNode } from "./selector.ts";

const COMMAND_MS = 10_000;

const params = z.strictObject({
  node: nodeSelector.default("master").describe("who gets the command"),
  command: z.enum(["flushall", "flushdb"]).default("flushall"),
});
type Params = z.infer<typeof params>;
const resolved = z.strictObject({ node: resolvedNode, command: z.enum(["flushall", "flushdb"]) });

/**
 * Empties the dataset while everything goes on. Heal: nothing to undo (the data is gone, on purpose).
 * Effect: a sentinel key written just before is gone right after; the key count is no evidence, since Kvrocks and Pika
 * answer DBSIZE from their last scan (FACTS.md §2).
 */
export const flushall: Fault<Params> = {
  kind: "flushall",
  summary: "FLUSHALL or FLUSHDB under load",
  lasting: false,
  params,
  resolved,
  mentions: (p) => mentionNode(p.node, ["node"]),
  resolve: (p, random, _occurrence, shape) => ({ ...p, node: resolveNode(p.node, random, shape) }),
  inject: async (context, { node: selector, command }) => {
    const { cluster, signal } = context;
    const node = selectNode(cluster, selector);
    const sentinel = `${cluster.keyTag(node.name)}kvchaos:flush:${context.id}`;
    await node.admin(["SET", sentinel, "1"], { within: COMMAND_MS, signal });
    const started = context.clock.now();
    const { flushAll, flushDb } = cluster.system.commands;
    await node.admin(command === "flushall" ? flushAll() : flushDb(), { within: COMMAND_MS, signal });
    const ms = Math.round(context.clock.now() - started);
    return {
      targets: [node.name],
      effect: async () => {
        try {
          const left = await node.admin(["EXISTS", sentinel], { within: COMMAND_MS, signal });
          return left === 0
            ? { measured: true, summary: `answered OK in ${ms} ms; a key written before it is gone` }
            : { measured: false, summary: `answered OK in ${ms} ms, yet a key written before it is still there` };
        } catch (error) {
          return { measured: false, summary: `answered OK in ${ms} ms, then: ${messageOf(error)}` };
        }
      },
    };
  },
};
