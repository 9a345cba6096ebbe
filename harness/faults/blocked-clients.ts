import { z } from "zod";
import { until } from "../base/deadline.ts";
import { encodeCommand } from "../resp/encode.ts";
import { text } from "../resp/text.ts";
import type { Effect, Fault, FaultContext } from "./fault.ts";
import { openUnanswered } from "./open-unanswered.ts";
import { mentionNode, nodeSelector, resolvedNode, resolveNode, selectNode } from "./selector.ts";

const ASK_MS = 3_000;
/** How long the server may take to let all of them wait. */
const SETTLE_MS = 5_000;
/** Of the clients, so many must be waiting. */
const ENOUGH = 0.9;

/** A key that nobody writes, so that nobody is ever woken. Pika knows no XREAD … BLOCK. */
const WAITING = {
  blpop: (key: string) => ["BLPOP", key, "0"],
  brpop: (key: string) => ["BRPOP", key, "0"],
  xread: (key: string) => ["XREAD", "BLOCK", "0", "STREAMS", key, "$"],
};
const command = z.enum(["blpop", "brpop", "xread"]);
const params = z.strictObject({
  node: nodeSelector.default("master").describe("whose clients they are; a replica takes `xread` only"),
  connections: z.int().min(1).max(5_000).default(100),
  command: command.default("blpop").describe("what they wait with, for ever"),
});
type Params = z.infer<typeof params>;
const resolved = z.strictObject({ node: resolvedNode, connections: z.int().min(1), command });
type Resolved = z.infer<typeof resolved>;

/**
 * Clients that wait for an element that never comes, straight at one server: each holds a connection, a place in a queue of
 * waiters and, in some servers, more; a stop, a switch of roles or a flush must get past them. Heal: all are closed. Effect: nine
 * in ten are open and unanswered, and the server itself counts them as blocked, where it tells.
 */
export const blockedClients: Fault<Params, Resolved> = {
  kind: "blocked-clients",
  summary: "clients that wait in BLPOP, BRPOP or XREAD for what never comes",
  lasting: true,
  params,
  resolved,
  mentions: (p) => mentionNode(p.node, ["node"]),
  resolve: (p, random, _occurrence, shape) => ({ ...p, node: resolveNode(p.node, random, shape) }),
  inject: async (context, p) => {
    const { cluster, signal } = context;
    const node = selectNode(cluster, p.node);
    const key = `${cluster.keyTag(node.name)}kvchaos:blocked:${context.id}`;
    const observer = await node.connect({ within: ASK_MS, signal });
    context.onHeal(`stop counting the blocked clients of ${node.name}`, async () => observer.close());
    const blocked = async (): Promise<number | null> => {
      const outcome = await observer.send(["INFO", "clients"], { within: ASK_MS });
      const told = outcome.outcome === "ok" ? /^blocked_clients:(\d+)/m.exec(text(outcome.reply))?.[1] : undefined;
      return told === undefined ? null : Number(told);
    };
    const before = await blocked();
    const { sockets, silent } = await openUnanswered(context, node, p.connections);
    const words = encodeCommand(WAITING[p.command](key));
    for (const socket of sockets) socket.write(words);
    const refusal = (): string | undefined => sockets.find(({ heard }) => heard.includes("-"))?.heard.trim();
    const more = async (): Promise<number | null> => {
      const now = await blocked();
      return now === null || before === null ? null : now - before;
    };
    return { targets: [node.name], effect: () => measure(context, node.name, p, { waiting: silent, refusal, more }) };
  },
};

async function measure(
  { signal }: FaultContext,
  name: string,
  { connections, command: how }: Resolved,
  seen: { waiting(): number; refusal(): string | undefined; more(): Promise<number | null> },
): Promise<Effect> {
  const enough = Math.ceil(connections * ENOUGH);
  let more = await seen.more();
  await until({ what: "the server to let them wait", within: SETTLE_MS, signal, every: 100 }, async () => {
    if (more === null || more >= enough || seen.refusal() !== undefined) return true;
    more = await seen.more();
    return false;
  }).catch(() => signal.throwIfAborted());
  const waiting = seen.waiting();
  const refusal = seen.refusal();
  const counted = more === null ? `${name} does not tell how many` : `${more} more blocked clients by its own count`;
  return {
    measured: waiting >= enough && (more ?? enough) >= enough,
    summary: `${waiting} of ${connections} clients wait in ${how.toUpperCase()} on ${name}; ${counted}${refusal ? `; "${refusal}"` : ""}`,
  };
}
