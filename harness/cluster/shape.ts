import type { ComposeFile, ComposeService } from "../docker/compose.ts";
import type { Ruler } from "../journal/ruler.ts";
import type { System } from "../systems/system.ts";

/** What is known about a cluster before anything is started, whatever the system. */
export interface ClusterShape {
  masters: readonly string[];
  replicas: readonly string[];
  /** "r1 -> m1", "client -> m1" */
  links: readonly string[];
  /** The masters share the key space (`mode: cluster` or `controller`). Absent: each has all keys. */
  sharded?: boolean;
  /** Who choose the one master (`mode: sentinel`), if there are any. */
  sentinels?: readonly string[];
  /** What runs beside the servers and is none. */
  helpers?: readonly string[];
  /** Those of the helpers who choose the masters (`mode: controller`), if there are any. */
  controllers?: readonly string[];
}

/** Of a Compose file, with the nodes that the harness keeps for itself. */
export function shapeOf(file: ComposeFile) {
  const named = (role: string): string[] => file.services.filter((one) => one.role === role).map((one) => one.name);
  const [masters, replicas, sentinels] = [named("master"), named("replica"), named("sentinel")];
  const helpers = helpersIn(file);
  const links = linksOf([...masters, ...replicas], sentinels, helpers).map(({ from, to }) => `${from} -> ${to}`);
  return {
    ...{ masters, replicas, sentinels, helpers: helpers.map(({ name }) => name), links },
    ...{ controls: named("control"), sharded: file.mode === "cluster" || file.mode === "controller" },
    controllers: named("controller"),
  };
}

/** Who says who is master in a cluster of this shape, when it is one of this system. */
export function rulerIn(
  { sharded = false, sentinels = [], controllers = [] }: Pick<ClusterShape, "sharded" | "sentinels" | "controllers">,
  { gossip }: Pick<System, "gossip">,
): Ruler {
  if (controllers.length > 0) return "controllers";
  return sentinels.length > 0 ? "sentinels" : sharded && gossip ? "servers" : "operator";
}

/** Roles of services that are helpers: beside the servers, and started before them. */
type HelperRole = "helper" | "controller" | "store";
export const isHelper = (role: ComposeService["role"]): role is HelperRole =>
  role === "helper" || role === "controller" || role === "store";

/** A helper, and whether others dial it. */
interface Helper {
  name: string;
  listens: boolean;
  /** It dials nobody. */
  waits: boolean;
}

/** @param port that others dial; 0: none */
export const helperOf = ({ name, role }: Pick<ComposeService, "name" | "role">, port: number): Helper => ({
  name,
  listens: port > 0,
  waits: role === "store",
});

/** Those of a file. */
function helpersIn({ services }: ComposeFile): Helper[] {
  return services
    .filter(({ role }) => isHelper(role))
    .map((service) => helperOf(service, service.ports[0]?.container ?? 0));
}

/**
 * "r1 -> m1" for every pair of nodes, since every node may become master, "client -> m1" for every node, and from every
 * sentinel to every node and every other sentinel; from every helper but a store to all of these and to every other helper that has a port.
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
    ...helpers.flatMap(({ name, waits }) => (waits ? [] : others(name, [...nodes, ...sentinels, ...dialled]))),
  ];
}
