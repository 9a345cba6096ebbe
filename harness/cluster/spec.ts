import { mistakesError } from "../base/mistakes.ts";
import type { ComposeFile, ComposeService } from "../docker/compose.ts";
import type { ClusterShape } from "../faults/fault.ts";
import type { System } from "../systems/system.ts";
import type { Topology } from "./cluster.ts";

export interface NodeSpec {
  name: string;
  role: "master" | "replica" | "control";
  service: ComposeService;
  /** The server's configuration: the Compose file's with the experiment's over it. */
  config: Record<string, string>;
}

/** What a Compose file means to kvchaos, for one system. */
export interface ClusterSpec {
  nodes: NodeSpec[];
  toxiproxy: ComposeService;
  /** The internal network that carries replication. */
  dataNetwork: string;
  topology: Topology;
  /** `x-kvchaos: {mode: cluster}`: the masters share the key space. */
  clusterMode: boolean;
}

/** "r1 -> m1" for every pair of nodes, since every node may become master, and "client -> m1" for every node. */
export function linksOf(nodes: readonly string[]): { from: string; to: string }[] {
  const pairs = nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to })));
  return [...pairs, ...nodes.map((to) => ({ from: "client", to }))];
}

/** The roles, links and settings of a Compose file. @throws ChaosError `invalid-experiment` when no cluster can be made of it. */
export function clusterSpec(
  file: ComposeFile,
  system: Pick<System, "name" | "cluster">,
  extra: Readonly<Record<string, string>> = {},
): ClusterSpec {
  const internal = file.networks.filter((network) => network.internal);
  const toxiproxy = file.services.find((service) => service.role === "toxiproxy");
  if (internal.length !== 1 || !internal[0] || !toxiproxy) {
    const message = `expected exactly one network with \`internal: true\`, which carries replication; found ${internal.length}`;
    throw mistakesError([file.mistake(["networks"], message)]);
  }
  const clusterMode = file.mode === "cluster";
  if (clusterMode && !system.cluster) {
    throw mistakesError([file.mistake(["x-kvchaos", "mode"], `kvchaos drives no cluster mode of ${system.name}`)]);
  }
  const nodes = file.services.flatMap((service): NodeSpec[] => {
    const { name, role } = service;
    if (role !== "master" && role !== "replica" && role !== "control") return [];
    // The control server has all slots to itself: it is asked like any other server.
    const mode = clusterMode && role !== "control" ? system.cluster?.config : {};
    return [{ name, role, service, config: { ...mode, ...service.config[system.name], ...extra } }];
  });
  const masters = nodes.filter((node) => node.role === "master").map((node) => node.name);
  const replicaOf: Record<string, string> = {};
  for (const { name, service } of nodes) if (service.master !== null) replicaOf[name] = service.master;
  return { nodes, toxiproxy, dataNetwork: internal[0].name, topology: { masters, replicaOf }, clusterMode };
}

/** What the planner and the loader need to know of a Compose file. */
export function shapeOf(file: ComposeFile): ClusterShape & { controls: string[] } {
  const named = (role: string): string[] => file.services.filter((one) => one.role === role).map((one) => one.name);
  const [masters, replicas] = [named("master"), named("replica")];
  const links = linksOf([...masters, ...replicas]).map(({ from, to }) => `${from} -> ${to}`);
  return { masters, replicas, links, controls: named("control"), clusterMode: file.mode === "cluster" };
}
