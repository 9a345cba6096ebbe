import { mistakesError } from "../base/mistakes.ts";
import type { ComposeFile, ComposeService } from "../docker/compose.ts";
import { ROLES_HINT } from "../docker/compose-roles.ts";
import type { Ruler } from "../journal/ruler.ts";
import type { Launch, System } from "../systems/system.ts";
import type { Topology } from "./cluster.ts";
import { rulerIn, shapeOf } from "./shape.ts";

export interface NodeSpec {
  name: string;
  role: "master" | "replica" | "control" | "sentinel" | "helper";
  /** Where it is dialled inside the network; 0: nobody dials it. */
  port: number;
  service: ComposeService;
  /** The server's configuration: the Compose file's with the experiment's over it. */
  config: Record<string, string>;
  /** How it is started where it is no server of the system; absent: as the system says. */
  own?: Launch | undefined;
}

/** What a Compose file means to kvchaos, for one system. */
export interface ClusterSpec {
  nodes: NodeSpec[];
  toxiproxy: ComposeService;
  /** The internal network that carries replication. */
  dataNetwork: string;
  topology: Topology;
  /** The masters share the key space. */
  sharded: boolean;
  ruler: Ruler;
}

/** A helper is started as its image and the Compose file say. */
const NOTHING: Launch = { command: [], environment: {} };

/** The roles, links and settings of a Compose file. @throws ChaosError `invalid-experiment` when no cluster can be made of it. */
export function clusterSpec(
  file: ComposeFile,
  system: Pick<System, "name" | "port" | "cluster" | "gossip" | "sentinel">,
  extra: Readonly<Record<string, string>> = {},
): ClusterSpec {
  if (file.services.every(({ role }) => role !== "master")) {
    throw mistakesError([file.mistake(["services"], "no service has the label kvchaos.role", ROLES_HINT)]);
  }
  const internal = file.networks.filter((network) => network.internal);
  const toxiproxy = file.services.find((service) => service.role === "toxiproxy");
  if (internal.length !== 1 || !internal[0] || !toxiproxy) {
    const message = `expected exactly one network with \`internal: true\`, which carries replication; found ${internal.length}`;
    throw mistakesError([file.mistake(["networks"], message)]);
  }
  const shape = shapeOf(file);
  const { masters, sharded } = shape;
  if ((sharded && !system.cluster && !system.gossip) || (file.mode === "sentinel" && !system.sentinel)) {
    throw mistakesError([file.mistake(["x-kvchaos", "mode"], `kvchaos drives no ${file.mode} mode of ${system.name}`)]);
  }
  const nodes = file.services.flatMap((service): NodeSpec[] => {
    const { name, role } = service;
    if (role === null || role === "toxiproxy") return [];
    if (role === "helper")
      return [{ name, role, port: service.ports[0]?.container ?? 0, service, config: {}, own: NOTHING }];
    // The control server has all slots to itself: it is asked like any other server.
    const mode = sharded && role !== "control" ? system.cluster?.config : {};
    const config = { ...mode, ...service.config[system.name], ...extra };
    const port = role === "sentinel" ? (system.sentinel?.port ?? system.port) : system.port;
    return [{ name, role, port, service, config: ownSettings(config, role, system.sentinel?.prefix) }];
  });
  const replicaOf: Record<string, string> = {};
  for (const { name, service } of nodes) if (service.master !== null) replicaOf[name] = service.master;
  const [ruler, dataNetwork] = [rulerIn(shape, system), internal[0].name];
  return { nodes, toxiproxy, dataNetwork, topology: { masters, replicaOf }, sharded, ruler };
}

/** Servers and sentinels are configured in one place, the sentinels' keys with a prefix. */
function ownSettings(config: Record<string, string>, role: NodeSpec["role"], prefix: string | undefined) {
  if (prefix === undefined) return config;
  return Object.fromEntries(Object.entries(config).filter(([key]) => key.startsWith(prefix) === (role === "sentinel")));
}
