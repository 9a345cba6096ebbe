import type { z } from "zod";
import { until } from "../../base/deadline.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import {
  choiceParameter,
  drawnDurationParameter,
  nodeParameter,
  parameters,
  wholeNumberParameter,
} from "../parameters.ts";
import { selectNode } from "../selector.ts";
import type { BareSocket } from "./bare-socket.ts";
import { type ConnectionCount, changeOf, countConnections, enoughOf, reached } from "./client-counters.ts";
import { type Opened, openMany } from "./open-many.ts";

/** How long the answer to a PING may take. */
const ANSWER_MS = 5_000;
const HALF_MINUTE = 30_000;

const described = parameters({
  node: nodeParameter("who is dialled"),
  connections: wholeNumberParameter("how many", 1, 10_000).default(1_000),
  over: drawnDurationParameter("time from the first connection to the last; 0s: all at once", { most: "30s" }).default(
    "1s",
  ),
  send: choiceParameter("`nothing`: they stay idle; `ping`: each sends one PING", ["nothing", "ping"]).default(
    "nothing",
  ),
  end: choiceParameter("`hold` them until healed, or `close` (FIN) or `reset` (RST) each at once", [
    "hold",
    "close",
    "reset",
  ]).default("hold"),
});
type Params = z.infer<typeof described.planned>;

/**
 * Many clients connect to one server within a short time, straight to its container: what follows a failover, or a pool that
 * leaks. Heal: all are closed. Effect: the server itself counts nine in ten of them, accepted or sent away (`maxclients`);
 * where it does not tell, they were opened.
 */
export const connectionStorm = defineFault({
  kind: "connection-storm",
  onAttached: "free",
  summary: "open many connections to a server within a short time",
  lasting: true,
  parameters: described,
  ownDuration: (p) => (p.end === "hold" ? null : 0),
  injectWithin: ({ over }) => over + 2 * HALF_MINUTE,
  inject: async (context, p) => {
    const node = selectNode(context.cluster, p.node);
    const counted = await countConnections(context, node);
    const opened = await openMany(context, {
      address: node.nearest(),
      count: p.connections,
      over: p.over,
      onOpen: (socket) => greet(context, socket, p),
    });
    return { targets: [node.name], effect: () => measure(node.name, p, opened, counted) };
  },
});

function greet(context: FaultContext, socket: BareSocket, { send: what, end: how }: Params): void {
  if (what === "ping") socket.write(encodeCommand(["PING"]));
  if (how === "hold") return;
  const leave = (): void => (how === "reset" ? socket.reset() : socket.close());
  const answered = (): boolean => what === "nothing" || socket.heard !== "" || socket.isEnded;
  void until({ what: "an answer", within: ANSWER_MS, signal: context.signal }, answered).then(leave, leave);
}

async function measure(
  name: string,
  { connections, end: how }: Params,
  { sockets, failures, ms }: Opened,
  { before, settle }: ConnectionCount,
): Promise<Effect> {
  const enough = enoughOf(connections);
  const closed = (): number => (how === "hold" ? sockets.filter((socket) => socket.isEnded).length : 0);
  const after = await settle((now) => {
    const come = reached(before, now, closed());
    return come === null || come >= Math.min(enough, sockets.length);
  });
  const refusals = sockets.filter(({ heard }) => heard.startsWith("-"));
  const parts = [
    `${sockets.length} of ${connections} connections to ${name} opened in ${(ms / 1000).toFixed(1)} s`,
    ...[...failures].map(([code, n]) => `${n} failed (${code})`),
    ...(how === "hold" ? [`${sockets.length - closed()} still open`] : []),
    ...(refusals[0] ? [`${refusals.length} were told "${refusals[0].heard.trim()}"`] : []),
    `${name}: ${changeOf(before, after)}`,
  ];
  // Others connect as well: what the server counts may be more than ours.
  const come = Math.min(sockets.length, reached(before, after, closed()) ?? Number.POSITIVE_INFINITY);
  return { measured: come >= enough, summary: parts.join("; ") };
}
