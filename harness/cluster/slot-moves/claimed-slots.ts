import type { WaitLimits } from "../../base/deadline.ts";
import { replyText } from "../../resp/reply-text.ts";
import type { Cluster } from "../cluster.ts";

/** Cluster mode by CLUSTERX: the slots that a node calls its own, both ends included; null elsewhere. */
export async function claimedSlots(
  { system, sharded, node }: Pick<Cluster, "system" | "sharded" | "node">,
  name: string,
  limits: WaitLimits,
): Promise<[number, number][] | null> {
  const view = system.cluster?.view;
  if (!sharded || !view) return null;
  const said = view(replyText(await node(name).admin(["CLUSTER", "NODES"], limits)));
  const own = said.masters.filter(({ host }) => host === said.self);
  return own.flatMap(({ slots }) => slots.map(([first, last]): [number, number] => [first, last]));
}
