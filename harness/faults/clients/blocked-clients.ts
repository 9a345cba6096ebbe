import type { z } from "zod";
import { until } from "../../base/deadline.ts";
import { formatDuration } from "../../base/units.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { replyText } from "../../resp/reply-text.ts";
import { ask, openFor } from "../commands/asked-command.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { choiceParameter, durationParameter, nodeParameter, wholeNumberParameter } from "../parameter.ts";
import { parameters } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { checkFiles } from "./open-many.ts";
import { openUnanswered } from "./open-unanswered.ts";

const ASK_MS = 3_000;
/** How long the server may take to let all of them wait. */
const SETTLE_MS = 5_000;
/** Of the clients, so many must be waiting. */
const ENOUGH = 0.9;

/** A key that nobody writes, so that nobody is ever woken. `ms` 0: for ever. Pika knows no XREAD … BLOCK. */
const WAITING = {
  blpop: (key: string, ms: number) => ["BLPOP", key, String(ms / 1000)],
  brpop: (key: string, ms: number) => ["BRPOP", key, String(ms / 1000)],
  xread: (key: string, ms: number) => ["XREAD", "BLOCK", String(ms), "STREAMS", key, "$"],
};
const described = parameters({
  node: nodeParameter("whose clients they are; a replica takes `xread` only").default("master"),
  connections: wholeNumberParameter("how many", 1, 5_000).default(100),
  command: choiceParameter("what they wait with", ["blpop", "brpop", "xread"]).default("blpop"),
  timeout: durationParameter(
    "the command's own timeout, by which every client must be answered; without it they wait for ever",
    { holds: (ms) => ms > 0, error: "expected a duration above 0s; without `timeout` they wait for ever" },
  )
    .optional()
    .formerly(null),
});
type Params = z.infer<typeof described.planned>;

/**
 * Clients that wait for an element that never comes, straight at one server: each holds a connection, a place in a queue of
 * waiters and, in some servers, more; a stop, a switch of roles or a flush must get past them. With a timeout every one of them has
 * to be answered by then. Heal: all are closed, but those that must still be answered. Effect: nine in ten are open and
 * unanswered, and the server itself counts them as blocked, where it tells.
 */
export const blockedClients = defineFault({
  kind: "blocked-clients",
  summary: "clients that wait in BLPOP, BRPOP or XREAD for what never comes",
  lasting: true,
  parameters: described,
  inject: async (context, p) => {
    const { cluster, signal } = context;
    const node = selectNode(cluster, p.node);
    const key = `${cluster.keyTag(node.name)}kvchaos:blocked:${context.id}`;
    const observer = await node.connect({ within: ASK_MS, signal });
    context.onHeal(`stop counting the blocked clients of ${node.name}`, async () => observer.close());
    const blocked = async (): Promise<number | null> => {
      const outcome = await observer.send(["INFO", "clients"], { within: ASK_MS });
      const told = outcome.outcome === "ok" ? /^blocked_clients:(\d+)/m.exec(replyText(outcome.reply))?.[1] : undefined;
      return told === undefined ? null : Number(told);
    };
    const before = await blocked();
    const words = WAITING[p.command](key, p.timeout ?? 0);
    const clients = await (p.timeout === null ? waitForEver : waitInTime)(context, node, words, p);
    const more = async (): Promise<number | null> => {
      const now = await blocked();
      return now === null || before === null ? null : now - before;
    };
    return { targets: [node.name], effect: () => measure(context, node.name, p, { ...clients, more }) };
  },
});

interface Clients {
  /** How many are open and have no answer. */
  waiting(): number;
  /** What the server said to one that it does not let wait. */
  refusal(): string | undefined;
}

async function waitForEver(context: FaultContext, node: ClusterNode, words: string[], p: Params): Promise<Clients> {
  const { sockets, silent } = await openUnanswered(context, node, p.connections);
  const bytes = encodeCommand(words);
  for (const socket of sockets) socket.write(bytes);
  return { waiting: silent, refusal: () => sockets.find(({ heard }) => heard.includes("-"))?.heard.trim() };
}

async function waitInTime(context: FaultContext, node: ClusterNode, argv: string[], p: Params): Promise<Clients> {
  await checkFiles(p.connections);
  const connections = await openFor(context, node, p.connections);
  const { settled } = ask(context, connections, { node, argv, number: 1 });
  const refusal = (): string | undefined => {
    const { outcome } = settled.find((one) => one.outcome.outcome === "fail") ?? {};
    return outcome?.outcome === "fail" ? (outcome.reply?.message ?? outcome.error) : undefined;
  };
  return { waiting: () => connections.length - settled.length, refusal };
}

async function measure(
  { signal }: FaultContext,
  name: string,
  { connections, command: how, timeout }: Params,
  seen: Clients & { more(): Promise<number | null> },
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
  const long = timeout === null ? "" : ` for ${formatDuration(timeout)}`;
  return {
    measured: waiting >= enough && (more ?? enough) >= enough,
    summary: `${waiting} of ${connections} clients wait in ${how.toUpperCase()} on ${name}${long}; ${counted}${refusal ? `; "${refusal}"` : ""}`,
  };
}
