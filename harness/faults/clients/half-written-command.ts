import { z } from "zod";
import { until } from "../../base/deadline.ts";
import { sizeRange } from "../../base/units.ts";
import type { Effect, Fault, FaultContext } from "../fault.ts";
import { mentionNode, nodeSelector, resolvedNode, resolveNode, selectNode } from "../selector.ts";
import type { BareSocket } from "./bare-socket.ts";
import { askCounters, type ClientCounters, changeOf, reached } from "./client-counters.ts";
import { openUnanswered } from "./open-unanswered.ts";

const COUNT_MS = 3_000;
/** How long the server may take to see the end of a connection, or to take offence at what it was sent. */
const SETTLE_MS = 5_000;
const ENOUGH = 0.9;
/** Longest bulk string of the protocol (proto-max-bulk-len). */
const BULK_MAX = 512 * 1024 ** 2;
const ANNOUNCED = 64 * 1024 ** 2;
const SET = "*3\r\n$3\r\nSET\r\n$12\r\nkvchaos:half\r\n";

const how = z.enum(["half", "fin", "reset", "huge"]);
const params = z
  .strictObject({
    node: nodeSelector.describe("who gets them"),
    connections: z.int().min(1).max(1_000).default(50),
    how: how
      .default("half")
      .describe(
        "`half` a command, then silence; then `fin` or `reset` (RST); `huge`: a long value announced, one byte sent",
      ),
    announce: sizeRange
      .refine(({ max }) => max <= BULK_MAX, { error: "expected at most 512MiB" })
      .optional()
      .describe("length that `huge` announces (default 64MiB)"),
  })
  .refine((p) => p.announce === undefined || p.how === "huge", {
    path: ["announce"],
    error: "`announce` goes with `how: huge`",
  });
type Params = z.infer<typeof params>;
const resolved = z.strictObject({
  node: resolvedNode,
  connections: z.int().min(1),
  how,
  announce: z.number().min(1),
});
type Resolved = z.infer<typeof resolved>;

/**
 * Clients that stop in the middle of a command, straight to the server's container: a client that dies, or whose network
 * does, while it writes. Heal: they are closed; no command was ever complete. Effect: `half` and `huge`: how many are open
 * and unanswered, the server's side of them too where it tells; `fin` and `reset`: the server got nine in ten of them.
 */
export const halfWrittenCommand: Fault<Params, Resolved> = {
  kind: "half-written-command",
  summary: "connections that stop in the middle of a command",
  lasting: true,
  params,
  resolved,
  ownDuration: (p) => (p.how === "half" || p.how === "huge" ? null : 0),
  mentions: (p) => mentionNode(p.node, ["node"]),
  resolve: (p, random, _occurrence, shape) => ({
    node: resolveNode(p.node, random, shape),
    connections: p.connections,
    how: p.how,
    announce: Math.round(p.announce ?? ANNOUNCED),
  }),
  inject: async (context, p) => {
    const { cluster, signal } = context;
    const node = selectNode(cluster, p.node);
    const observer = await node.connect({ within: COUNT_MS, signal });
    context.onHeal(`stop counting the connections of ${node.name}`, async () => observer.close());
    const count = (): Promise<ClientCounters | null> => askCounters(observer, COUNT_MS);
    const before = await count();
    const { sockets, silent } = await openUnanswered(context, node, p.connections);
    for (const socket of sockets) leaveHalf(socket, p);
    return { targets: [node.name], effect: () => measure(context, node.name, p, { sockets, silent, before, count }) };
  },
};

function leaveHalf(socket: BareSocket, { how: way, announce }: Resolved): void {
  // Else inside the key: its length and half of its bytes are there.
  socket.write(way === "huge" ? `${SET}$${announce}\r\nx` : SET.slice(0, -6));
  if (way === "fin") socket.finish();
  if (way === "reset") socket.reset();
}

interface Sent {
  sockets: readonly BareSocket[];
  /** Open, and nothing was answered. */
  silent(): number;
  before: ClientCounters | null;
  count(): Promise<ClientCounters | null>;
}

async function measure(
  { signal }: FaultContext,
  name: string,
  { connections, how: way, announce }: Resolved,
  { sockets, silent, before, count }: Sent,
): Promise<Effect> {
  const enough = Math.ceil(connections * ENOUGH);
  const stays = way === "half" || way === "huge";
  let after = await count();
  await until({ what: "the server to have them", within: SETTLE_MS, signal, every: 200 }, async () => {
    after = await count();
    const come = reached(before, after);
    const closed = way !== "fin" || sockets.every(({ isEnded }) => isEnded);
    return after === null || come === null || (come >= enough && closed);
  }).catch(() => signal.throwIfAborted());
  const waiting = silent();
  const refusal = sockets.find(({ heard }) => heard.includes("-"))?.heard.trim();
  const state = stays
    ? `${waiting} open and unanswered`
    : way === "fin"
      ? `${sockets.filter(({ isEnded }) => isEnded).length} closed by the server too`
      : "reset by us";
  const what = way === "huge" ? `a value of ${announce} bytes announced` : "half a command";
  // Others connect as well: what the server counts may be more than ours.
  const come = Math.min(sockets.length, reached(before, after) ?? Number.POSITIVE_INFINITY);
  return {
    measured: come >= enough && (!stays || waiting > 0),
    summary: `${sockets.length} connections to ${name}, each with ${what}: ${state}${refusal ? `; "${refusal}"` : ""}; ${name}: ${changeOf(before, after)}`,
  };
}
