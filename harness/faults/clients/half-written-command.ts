import type { z } from "zod";
import { defineFault, type Effect } from "../fault.ts";
import { choiceParameter, nodeParameter, parameters, sizeParameter, wholeNumberParameter } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import type { BareSocket } from "./bare-socket.ts";
import { type ConnectionCount, changeOf, countConnections, enoughOf, reached } from "./client-counters.ts";
import { openUnanswered, type Unanswered } from "./open-many.ts";

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
  onAttached: "free",
  summary: "connections that stop in the middle of a command",
  lasting: true,
  parameters: described,
  ownDuration: (p) => (p.how === "half" || p.how === "huge" ? null : 0),
  inject: async (context, p) => {
    const node = selectNode(context.cluster, p.node);
    const counted = await countConnections(context, node);
    const opened = await openUnanswered(context, node, p.connections);
    for (const socket of opened.sockets) leaveHalf(socket, p);
    return { targets: [node.name], effect: () => measure(node.name, p, opened, counted) };
  },
});

function leaveHalf(socket: BareSocket, { how: way, announce }: Params): void {
  // Else inside the key: its length and half of its bytes are there.
  socket.write(way === "huge" ? `${SET}$${announce}\r\nx` : SET.slice(0, -6));
  if (way === "fin") socket.finish();
  if (way === "reset") socket.reset();
}

async function measure(
  name: string,
  { connections, how: way, announce }: Params,
  { sockets, silent }: Unanswered,
  { before, settle }: ConnectionCount,
): Promise<Effect> {
  const enough = enoughOf(connections);
  const stays = way === "half" || way === "huge";
  const after = await settle((now) => {
    const come = reached(before, now);
    return come === null || (come >= enough && (way !== "fin" || sockets.every(({ isEnded }) => isEnded)));
  });
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
