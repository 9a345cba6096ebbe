import { messageOf } from "../base/chaos-error.ts";
import type { CleanupScope } from "../base/scope.ts";
import type { Emit } from "../journal/events.ts";
import { type KeySpace, keySpacesOf } from "../journal/loads/key-space.ts";
import type { Link } from "../network/link.ts";
import type { ContainerNode } from "./container-node.ts";
import { type MakeOptions, serverOf } from "./containers.ts";
import { Controllers } from "./controllers/controllers.ts";
import type { DialPaths } from "./dial/dial-paths.ts";
import type { LinkPlan } from "./dial/link-plan.ts";
import { LogCollector } from "./logs.ts";
import { RunningCluster } from "./running-cluster.ts";
import { Shards } from "./shards.ts";
import type { ClusterSpec } from "./spec.ts";

export interface FollowOptions extends Pick<MakeOptions, "engine" | "system" | "image" | "images" | "signal"> {
  /** The run whose id is on the containers. */
  runId: string;
  /** Where the servers' logs are written. */
  logDirectory: string;
  /** Hides the secrets in a line of a log. */
  hide?: (line: string) => string;
  emit: Emit;
  /** What follows the cluster (logs, events, connections) registers its end here. Closed before `resources`. */
  scope: CleanupScope;
  /** The replicas are left without a master: the caller attaches them when the masters have their data. */
  attachLater?: boolean;
  /** Those that have data. Default: the first. */
  keySpaces?: readonly KeySpace[] | undefined;
  /** A replica that gets a master is told to copy all data, where it can be told so. */
  copyAll?: boolean;
  /** The engine stopped telling what happens to the containers: it is gone, or restarts. */
  onEngineLost(error: unknown): void;
  /** Is this node stopped by one of our own faults right now? For `container` events. */
  ours(node: string): boolean;
  /** A server's container has ended, not by our own doing. */
  onDeath?(node: string, exitCode: number | null): void;
}

/** What was made of a Compose file, whoever follows it. */
export interface MadeServers {
  spec: ClusterSpec;
  nodes: readonly ContainerNode[];
  links: readonly Link[];
  paths: DialPaths;
  plans: readonly LinkPlan[];
  /** host:port on this machine */
  toxiproxyApi: string;
  /** The engine's name of the network that carries replication. */
  dataNetwork: string;
  /** Who follows it at this moment. */
  followed: { by: Followers };
}

/** What one run sees of the containers: events and logs. */
export interface Followers {
  logs: LogCollector;
  /** From now on what happens to a container of a node is told. @param all its first start, too */
  hear(container: string, node: ContainerNode, all?: boolean): void;
}

/** Keeps node states current and the logs followed over restarts, and journals what happens to the containers after their first start. */
export async function followContainers(options: FollowOptions, spec: ClusterSpec): Promise<Followers> {
  const { engine, runId, emit, scope, ours, onEngineLost } = options;
  const logs = new LogCollector({
    engine,
    rulesOf: (name) =>
      spec.nodes.flatMap((node) => (node.name === name ? serverOf(options, node).system.logRules : [])),
    directory: options.logDirectory,
    emit,
    hide: options.hide,
  });
  scope.defer("close the servers' logs", () => logs.close());
  const nodes = new Map<string, ContainerNode>();
  const started = new Set<string>();
  const stop = new AbortController();
  scope.defer("stop following containers", () => stop.abort());
  const labels = [`kvchaos.run=${runId}`];
  const subscription = await engine.events({ labels, signal: stop.signal }, ({ id, action, exitCode }) => {
    const isFirst = action === "start" && !started.has(id);
    started.add(id);
    const node = nodes.get(id);
    if (!node || isFirst || action === "kill") return;
    const claimed = ours(node.name);
    emit({ type: "container", node: node.name, action, exitCode, ours: claimed });
    if (action === "die" && !claimed) options.onDeath?.(node.name, exitCode);
    void (async () => {
      await node.inspect();
      if (action === "start") await logs.follow(node.name, node.container);
    })().catch((error: unknown) => {
      if (!stop.signal.aborted) emit({ type: "note", about: node.name, text: messageOf(error) });
    });
  });
  subscription.done.catch(onEngineLost);
  return {
    logs,
    hear: (container, node, all = false) => {
      nodes.set(container, node);
      if (all) started.add(container);
    },
  };
}

/** Servers that run already, as one more run sees them: their logs from now on. Nothing is asked or told. */
export async function followServers(made: MadeServers, options: FollowOptions): Promise<RunningCluster> {
  const followers = await followContainers(options, made.spec);
  made.followed.by = followers;
  const now = new Date().toISOString();
  await Promise.all(
    made.nodes.map(async (node) => {
      followers.hear(node.container, node, true);
      await node.inspect();
      await followers.logs.follow(node.name, node.container, now);
    }),
  );
  return clusterOf(made, options);
}

/** They are told no role yet. */
export function clusterOf(made: MadeServers, options: FollowOptions): RunningCluster {
  const { spec, paths, plans } = made;
  const cluster = new RunningCluster({
    system: options.system,
    nodes: made.nodes,
    links: made.links,
    logs: made.followed.by.logs,
    topology: spec.topology,
    emit: options.emit,
    login: { password: spec.nodes[0]?.config.requirepass },
    toxiproxyApi: made.toxiproxyApi,
    dataNetwork: made.dataNetwork,
    ruler: spec.ruler,
    controllers: ruling(made, options),
    shards: spec.sharded ? new Shards(spec.topology.masters) : null,
    copyAll: options.copyAll ?? false,
    keySpaces: options.keySpaces ?? keySpacesOf({}),
    nodeAt: (host, port) => paths.nodeAt(host, port, plans),
    namesOf: (name) => paths.namesOf(name, plans),
  });
  options.scope.defer("close the administration connections", async () => cluster.closeLanes());
  return cluster;
}

/** Those of the helpers who rule; null: none do. */
function ruling({ spec, nodes: all, paths }: MadeServers, { system, emit }: FollowOptions): Controllers | null {
  const { controller: mode } = system;
  const named = (role: string) => spec.nodes.filter(({ service }) => service.role === role).map(({ name }) => name);
  const nodes = all.filter(({ name }) => named("controller").includes(name));
  if (mode === undefined || nodes.length === 0) return null;
  const [store = ""] = named("store");
  const hostOf = (name: string) => paths.addresses.of(name);
  return new Controllers({ mode, nodes, store, hostOf, nameOf: (host) => paths.nameOf(host), emit });
}
