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
  /** What runs beside the servers and is none. */
  helpers?: readonly string[];
}

/** Of a Compose file, with the nodes that the harness keeps for itself. */
export function shapeOf(file: ComposeFile) {
  const named = (role: string): string[] => file.services.filter((one) => one.role === role).map((one) => one.name);
  const [masters, replicas, sentinels] = [named("master"), named("replica"), named("sentinel")];
  const helpers = helpersIn(file);
  const links = linksOf([...masters, ...replicas], sentinels, helpers).map(({ from, to }) => `${from} -> ${to}`);
  return {
    ...{ masters, replicas, sentinels, helpers: helpers.map(({ name }) => name), links },
    ...{ controls: named("control"), sharded: file.mode === "cluster" },
  };
}

/** Who says who is master in a cluster of this shape, when it is one of this system. */
export function rulerIn(
  { sharded = false, sentinels = [] }: Pick<ClusterShape, "sharded" | "sentinels">,
  { gossip }: Pick<System, "gossip">,
): Ruler {
  return sentinels.length > 0 ? "sentinels" : sharded && gossip ? "servers" : "operator";
}

/** A helper, and whether others dial it. */
interface Helper {
  name: string;
  listens: boolean;
}

/** Those of a file. */
function helpersIn({ services }: ComposeFile): Helper[] {
  const helpers = services.filter(({ role }) => role === "helper");
  return helpers.map(({ name, ports }) => ({ name, listens: ports.length > 0 }));
}

/**
 * "r1 -> m1" for every pair of nodes, since every node may become master, "client -> m1" for every node, and from every
 * sentinel to every node and every other sentinel; from every helper to all of these and to every other helper that has a port.
 */
export function linksOf(
  nodes: readonly string[],
  sentinels: readonly string[] = [],
  helpers: readonly Helper[] = [],
): { from: string; to: string }[] {
  const dialled = helpers.filter(({ listens }) => listens).map(({ name }) => name);
  const others = (from: string, all: readonly string[]) => all.filter((to) => to !== from).map((to) => ({ from, to }));
  return [
    ...nodes.flatMap((from) => others(from, nodes)),
    ...nodes.map((to) => ({ from: "client", to })),
    ...sentinels.flatMap((from) => others(from, [...nodes, ...sentinels])),
    ...helpers.flatMap(({ name }) => others(name, [...nodes, ...sentinels, ...dialled])),
  ];
}
