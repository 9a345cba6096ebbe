import type { System } from "../../systems/system.ts";
import { helperOf, linksOf } from "../shape.ts";
import type { ClusterSpec } from "../spec.ts";

/** First port of the links inside the toxiproxy container; offsets (Pika +2000 and +10001, Redis Cluster +10000) then never collide. */
const FIRST_LISTEN = 10_000;

/** One link as it is to be: by number, so that its ports follow from it. */
export interface LinkPlan {
  from: string;
  to: string;
  /** Where Toxiproxy listens for the port that clients dial; further ones are so many above it. */
  listen: number;
  /** The ports of `to`: what clients dial, and from there what else is dialled. */
  port: number;
  offsets: readonly number[];
}

/** All links of a cluster with their ports. */
export function planLinks(
  { nodes, ruler }: Pick<ClusterSpec, "nodes" | "ruler">,
  { port, portOffsets, gossip }: Pick<System, "port" | "portOffsets" | "gossip">,
): LinkPlan[] {
  const named = (...roles: string[]) => nodes.filter(({ role }) => roles.includes(role)).map(({ name }) => name);
  const bus = ruler === "servers" && gossip ? [gossip.busOffset] : [];
  const servers = named("master", "replica");
  const helpers = nodes.filter(({ role }) => role === "helper").map(({ service, port }) => helperOf(service, port));
  const offsetsOf = (from: string, to: string): readonly number[] => {
    if (ruler === "operator" && from === "client") return portOffsets;
    return servers.includes(from) && servers.includes(to) ? [...new Set([...portOffsets, ...bus])] : [0];
  };
  return linksOf(servers, named("sentinel"), helpers).map(({ from, to }, i) => ({
    from,
    to,
    listen: FIRST_LISTEN + i,
    port: nodes.find(({ name }) => name === to)?.port ?? port,
    offsets: offsetsOf(from, to),
  }));
}
