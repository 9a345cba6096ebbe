import type { ClusterNode } from "../../cluster/cluster.ts";
import type { FaultContext } from "../fault.ts";
import { authenticate } from "./authenticate.ts";
import type { BareSocket } from "./bare-socket.ts";
import { openMany } from "./open-many.ts";

/** Connections for something that should get no answer. */
export interface Unanswered {
  sockets: readonly BareSocket[];
  /** How many are open and have heard nothing since they were authenticated. */
  silent(): number;
}

/** Opens `count` connections to a node at once, authenticated; they are closed when the fault is healed. Rejects as openMany does. */
export async function openUnanswered(context: FaultContext, node: ClusterNode, count: number): Promise<Unanswered> {
  const { password } = context.cluster;
  const { sockets } = await openMany(context, { address: node.nearest(), count, over: 0, onOpen: () => {} });
  if (password !== undefined) await authenticate(sockets, password, context.signal);
  const greeted = sockets.map(({ heard }) => heard.length);
  return {
    sockets,
    silent: () => sockets.filter((socket, i) => !socket.isEnded && socket.heard.length === greeted[i]).length,
  };
}
