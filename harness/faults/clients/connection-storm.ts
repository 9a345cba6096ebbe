import type { z } from "zod";
import { until } from "../../base/deadline.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { choiceParameter, drawnDurationParameter, nodeParameter, wholeNumberParameter } from "../parameter.ts";
import { parameters } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import type { BareSocket } from "./bare-socket.ts";
import { askCounters, type ClientCounters, changeOf, reached } from "./client-counters.ts";
import { type Opened, openMany } from "./open-many.ts";

const COUNT_MS = 3_000;
/** How long the answers to PING, and the server's count of what it accepted, may take. */
const SETTLE_MS = 5_000;
/** Of the connections, so many must have come as far as the server. */
const ENOUGH = 0.9;
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
  summary: "open many connections to a server within a short time",
  lasting: true,
  parameters: described,
  ownDuration: (p) => (p.end === "hold" ? null : 0),
  injectWithin: ({ over }) => over + 2 * HALF_MINUTE,
  inject: async (context, p) => {
    const node = selectNode(context.cluster, p.node);
    // Open before the storm: afterwards the server may take nobody any more.
    const observer = await node.connect({ within: COUNT_MS, signal: context.signal });
    context.onHeal(`stop counting the connections of ${node.name}`, async () => observer.close());
    const count = (): Promise<ClientCounters | null> => askCounters(observer, COUNT_MS);
    const before = await count();
    const opened = await openMany(context, {
      address: node.nearest(),
      count: p.connections,
      over: p.over,
      onOpen: (socket) => greet(context, socket, p),
    });
    return { targets: [node.name], effect: () => measure(context, node.name, p, opened, { before, count }) };
  },
});

function greet(context: FaultContext, socket: BareSocket, { send: what, end: how }: Params): void {
  if (what === "ping") socket.write(encodeCommand(["PING"]));
  if (how === "hold") return;
  const leave = (): void => (how === "reset" ? socket.reset() : socket.close());
  const answered = (): boolean => what === "nothing" || socket.heard !== "" || socket.isEnded;
  void until({ what: "an answer", within: SETTLE_MS, signal: context.signal }, answered).then(leave, leave);
}

async function measure(
  { signal }: FaultContext,
  name: string,
  { connections, end: how }: Params,
  { sockets, failures, ms }: Opened,
  { before, count }: { before: ClientCounters | null; count(): Promise<ClientCounters | null> },
): Promise<Effect> {
  const enough = Math.ceil(connections * ENOUGH);
  const closed = (): number => (how === "hold" ? sockets.filter((socket) => socket.isEnded).length : 0);
  let after = await count();
  // The kernel completes connections before the server accepts them; it may be busy with the first ones still.
  await until({ what: "the server's count", within: SETTLE_MS, signal, every: 200 }, async () => {
    const come = reached(before, after, closed());
    if (after === null || come === null || come >= Math.min(enough, sockets.length)) return true;
    after = await count();
    return false;
  }).catch(() => signal.throwIfAborted());
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
