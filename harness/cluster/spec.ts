import { mistakesError } from "../base/mistakes.ts";
import type { ComposeFile, ComposeService } from "../docker/compose.ts";
import { ROLES_HINT } from "../docker/compose-roles.ts";
import type { Ruler } from "../journal/ruler.ts";
import type { Launch, System } from "../systems/system.ts";
import type { Topology } from "./cluster.ts";
import { isHelper, rulerIn, shapeOf } from "./shape.ts";

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
  system: Pick<System, "name" | "port" | "cluster" | "gossip" | "sentinel" | "controller">,
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
  const drives = { sentinel: system.sentinel, controller: system.controller, cluster: system.cluster ?? system.gossip };
  if (file.mode !== null && !drives[file.mode]) {
    throw mistakesError([file.mistake(["x-kvchaos", "mode"], `kvchaos drives no ${file.mode} mode of ${system.name}`)]);
  }
  const nodes = file.services.flatMap((service): NodeSpec[] => {
    const { name, role } = service;
    if (role === null || role === "toxiproxy") return [];
    const configured = { ...service.config[system.name], ...extra };
    if (isHelper(role)) {
      const config = role === "controller" ? ownSettings(configured, [system.controller?.prefix], true) : {};
      return [{ name, role: "helper", port: service.ports[0]?.container ?? 0, service, config, own: NOTHING }];
    }
    // The control server has all slots to itself: it is asked like any other server.
    const mode = sharded && role !== "control" ? system.cluster?.config : {};
    const isSentinel = role === "sentinel";
    const port = isSentinel ? (system.sentinel?.port ?? system.port) : system.port;
    const prefixes = isSentinel ? [system.sentinel?.prefix] : [system.sentinel?.prefix, system.controller?.prefix];
    const config = ownSettings({ ...mode, ...configured }, prefixes, isSentinel);
    return [{ name, role, port, service, config }];
  });
  const replicaOf: Record<string, string> = {};
  for (const { name, service } of nodes) if (service.master !== null) replicaOf[name] = service.master;
  const [ruler, dataNetwork] = [rulerIn(shape, system), internal[0].name];
  return { nodes, toxiproxy, dataNetwork, topology: { masters, replicaOf }, sharded, ruler };
}

/** Servers, sentinels and controllers are configured in one place, the keys of the latter with a prefix. @param having those with it, or without */
function ownSettings(
  config: Record<string, string>,
  prefixes: readonly (string | undefined)[],
  having: boolean,
): Record<string, string> {
  const given = prefixes.filter((prefix) => prefix !== undefined);
  const has = (key: string) => given.some((prefix) => key.startsWith(prefix));
  return Object.fromEntries(
    Object.entries(config).filter(([key]) => (given.length === 0 ? !having : has(key) === having)),
  );
}
