import type { z } from "zod";
import { until } from "../../base/deadline.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { choiceParameter, nodeParameter, sizeParameter, wholeNumberParameter } from "../parameter.ts";
import { parameters } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import type { BareSocket } from "./bare-socket.ts";
import { askCounters, type ClientCounters, changeOf, reached } from "./client-counters.ts";
import { openUnanswered } from "./open-unanswered.ts";

const COUNT_MS = 3_000;
/** How long the server may take to see the end of a connection, or to take offence at what it was sent. */
const SETTLE_MS = 5_000;
const ENOUGH = 0.9;
/** Longest bulk string of the protocol (proto-max-bulk-len). */
const BULK_MAX = "512MiB";
const SET = "*3\r\n$3\r\nSET\r\n$12\r\nkvchaos:half\r\n";

const described = parameters(
  {
    node: nodeParameter("who gets them"),
    connections: wholeNumberParameter("how many", 1, 1_000).default(50),
    how: choiceParameter(
      "`half` a command, then silence; then `fin` or `reset` (RST); `huge`: a long value announced, one byte sent",
      ["half", "fin", "reset", "huge"],
    ).default("half"),
    announce: sizeParameter("length that `huge` announces (default 64MiB)", { most: BULK_MAX }).orElse(64 * 1024 ** 2),
  },
  {
    check: ({ how, announce }, wrong) => {
      if (announce !== undefined && how !== "huge") wrong("`announce` goes with `how: huge`", ["announce"]);
    },
  },
);
type Params = z.infer<typeof described.planned>;

/**
 * Clients that stop in the middle of a command, straight to the server's container: a client that dies, or whose network
 * does, while it writes. Heal: they are closed; no command was ever complete. Effect: `half` and `huge`: how many are open
 * and unanswered, the server's side of them too where it tells; `fin` and `reset`: the server got nine in ten of them.
 */
export const halfWrittenCommand = defineFault({
  kind: "half-written-command",
  summary: "connections that stop in the middle of a command",
  lasting: true,
  parameters: described,
  ownDuration: (p) => (p.how === "half" || p.how === "huge" ? null : 0),
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
});

function leaveHalf(socket: BareSocket, { how: way, announce }: Params): void {
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
  { connections, how: way, announce }: Params,
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
