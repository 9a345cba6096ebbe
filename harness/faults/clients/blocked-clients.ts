import type { z } from "zod";
import { formatDuration } from "../../base/units.ts";
import type { ClusterNode, Connection } from "../../cluster/cluster.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { replyText } from "../../resp/reply-text.ts";
import { ask, openFor } from "../commands/asked-command.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { choiceParameter, durationParameter, nodeParameter, parameters, wholeNumberParameter } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { type Counting, counting, enoughOf } from "./client-counters.ts";
import { checkFiles, openUnanswered } from "./open-many.ts";

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
    const { cluster } = context;
    const node = selectNode(cluster, p.node);
    const key = `${cluster.keyTag(node.name)}kvchaos:blocked:${context.id}`;
    const counted = await counting(context, node, "blocked clients", askBlocked);
    const words = WAITING[p.command](key, p.timeout ?? 0);
    const clients = await (p.timeout === null ? waitForEver : waitInTime)(context, node, words, p);
    return { targets: [node.name], effect: () => measure(node.name, p, clients, counted) };
  },
});

/** null: it does not tell. */
async function askBlocked(observer: Connection, within: number): Promise<number | null> {
  const outcome = await observer.send(["INFO", "clients"], { within });
  const told = outcome.outcome === "ok" ? /^blocked_clients:(\d+)/m.exec(replyText(outcome.reply))?.[1] : undefined;
  return told === undefined ? null : Number(told);
}

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
  name: string,
  { connections, command: how, timeout }: Params,
  seen: Clients,
  { before, settle }: Counting<number | null>,
): Promise<Effect> {
  const enough = enoughOf(connections);
  const moreThan = (now: number | null): number | null => (now === null || before === null ? null : now - before);
  const more = moreThan(await settle((now) => (moreThan(now) ?? enough) >= enough || seen.refusal() !== undefined));
  const waiting = seen.waiting();
  const refusal = seen.refusal();
  const counted = more === null ? `${name} does not tell how many` : `${more} more blocked clients by its own count`;
  const long = timeout === null ? "" : ` for ${formatDuration(timeout)}`;
  return {
    measured: waiting >= enough && (more ?? enough) >= enough,
    summary: `${waiting} of ${connections} clients wait in ${how.toUpperCase()} on ${name}${long}; ${counted}${refusal ? `; "${refusal}"` : ""}`,
  };
}
