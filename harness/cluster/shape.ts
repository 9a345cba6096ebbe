import type { ComposeFile } from "../docker/compose.ts";
import type { Ruler } from "../journal/ruler.ts";
import type { System } from "../systems/system.ts";

/** What is known about a cluster before anything is started, whatever the system. */
export interface ClusterShape {
  masters: readonly string[];
  replicas: readonly string[];
  /** "r1 -> m1", "client -> m1" */
  links: readonly string[];
  /** The masters share the key space (`mode: cluster`). Absent: each has all keys. */
  sharded?: boolean;
  /** Who choose the one master (`mode: sentinel`), if there are any. */
  sentinels?: readonly string[];
}

/** Of a Compose file, with the nodes that the harness keeps for itself. */
export function shapeOf(file: ComposeFile) {
  const named = (role: string): string[] => file.services.filter((one) => one.role === role).map((one) => one.name);
  const [masters, replicas, sentinels] = [named("master"), named("replica"), named("sentinel")];
  const links = linksOf([...masters, ...replicas], sentinels).map(({ from, to }) => `${from} -> ${to}`);
  return { masters, replicas, sentinels, links, controls: named("control"), sharded: file.mode === "cluster" };
}

/** Who says who is master in a cluster of this shape, when it is one of this system. */
export function rulerIn(
  { sharded = false, sentinels = [] }: Pick<ClusterShape, "sharded" | "sentinels">,
  { gossip }: Pick<System, "gossip">,
): Ruler {
  return sentinels.length > 0 ? "sentinels" : sharded && gossip ? "servers" : "operator";
}

/**
 * "r1 -> m1" for every pair of nodes, since every node may become master, "client -> m1" for every node, and from every
 * sentinel to every node and every other sentinel.
 */
export function linksOf(nodes: readonly string[], sentinels: readonly string[] = []): { from: string; to: string }[] {
  const others = (from: string, all: readonly string[]) => all.filter((to) => to !== from).map((to) => ({ from, to }));
  return [
    ...nodes.flatMap((from) => others(from, nodes)),
    ...nodes.map((to) => ({ from: "client", to })),
    ...sentinels.flatMap((from) => others(from, [...nodes, ...sentinels])),
  ];
}
