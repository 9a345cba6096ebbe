import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { withResolvers } from "../base/deadline.ts";
import type { CleanupScope } from "../base/scope.ts";
import type { ComposeService } from "../docker/compose.ts";
import { checkDisks } from "../docker/disk.ts";
import type { ContainerSpec, Network } from "../docker/engine-types.ts";
import { checkRedirect } from "../network/virtual-addresses.ts";
import type { AgreementWatch } from "./agreement-watch.ts";
import { attachReplicas } from "./attach-replicas.ts";
import { ContainerNode } from "./container-node.ts";
import {
  type MakeOptions,
  makeNetworks,
  type Placed,
  removedWith,
  removeLockGraphs,
  serverOf,
  startNode,
} from "./containers.ts";
import { announce } from "./dial/announce.ts";
import { DialPaths } from "./dial/dial-paths.ts";
import { planLinks } from "./dial/link-plan.ts";
import { startToxiproxy } from "./dial/start-toxiproxy.ts";
import { clusterOf, type FollowOptions, followContainers, type MadeServers } from "./follow-servers.ts";
import { launchOf } from "./launch.ts";
import type { RunningCluster } from "./running-cluster.ts";
import { selfRule } from "./self-rule.ts";
import { clusterSpec } from "./spec.ts";

const READY_MS = 60_000;

export interface UpOptions extends Omit<MakeOptions, "made">, FollowOptions {
  toxiproxyImage: string;
  /** Server configuration of the experiment, over the Compose file's. */
  config: Readonly<Record<string, string>>;
}

/** A cluster of servers that have been told no role yet. */
export interface StartedCluster {
  cluster: RunningCluster;
  made: MadeServers;
  /** Replication as the Compose file says; resolves when all replicas are attached, unless that is left for later. */
  replicate(): Promise<void>;
}

/** Starts a cluster with replication. Rejects as its two steps do. */
export async function upCluster(options: UpOptions): Promise<RunningCluster> {
  const { cluster, replicate } = await startServers(options);
  await replicate();
  return cluster;
}

/**
 * Starts a cluster's networks, Toxiproxy with every link, and servers; resolves when all answer, or one is silent although it takes
 * connections. Whatever it made before failing is in `resources`.
 */
export async function startServers(options: UpOptions): Promise<StartedCluster> {
  const { engine, system, compose, runId, emit, scope, signal } = options;
  const spec = clusterSpec(compose, system, options.config);
  // Every wait of the set-up listens to it: dozens at once are no leak.
  setMaxListeners(0, signal);
  const hasHelpers = spec.nodes.some(({ role }) => role === "helper");
  if (spec.ruler !== "operator" || hasHelpers) checkRedirect(engine.info.local);
  const prefix = `kvchaos-${createHash("sha256").update(runId).digest("hex").slice(0, 10)}`;
  if (options.disk) await checkDisks(engine, spec.nodes.length, options.disk);
  removeLockGraphs(options);
  const held = options.resources.part();
  const make = { ...options, resources: held, made: removedWith(options.resources, engine) };
  const [networks, followers] = await Promise.all([makeNetworks(make, prefix), followContainers(options, spec)]);
  const followed = { by: followers };
  const data = networks.get(spec.dataNetwork) as Network;
  const subnets = new Map([...networks].map(([name, { subnet }]) => [name, subnet]));
  const paths = new DialPaths(system, spec, subnets, engine.info.local);
  if (paths.refusal !== null) emit({ type: "note", about: "cluster", text: notPlain(paths.refusal) });
  const ownRule = selfRule(system, spec, paths);
  const plans = planLinks(spec, system);
  const ports = await engine.freePorts(spec.nodes.length);
  held.defer("give the ports back", () => engine.releasePorts(ports));
  const placed = spec.nodes.map((plain, i): Placed => {
    const node = { ...(ownRule?.announced(plain) ?? plain), own: ownRule?.launch(plain) };
    const asked = node.service.ports.find(({ container }) => container === node.port)?.host;
    return { node, ports: node.port === 0 ? {} : { [node.port]: asked ?? (ports[i] as number) } };
  });

  const attach = (
    service: ComposeService,
    alias: string,
    addressOn: (network: string) => string | undefined,
  ): NonNullable<ContainerSpec["networks"]> =>
    service.networks.map(({ name }) => ({
      name: networks.get(name)?.name ?? name,
      // Only the data network knows a node by its name: a link must not find a way around it.
      aliases: name === spec.dataNetwork ? [alias] : [],
      ip: addressOn(name),
    }));
  const { name: proxyName } = spec.toxiproxy;
  const proxied = startToxiproxy(make, {
    name: `${prefix}-${proxyName}`,
    image: options.toxiproxyImage,
    spec,
    networks: attach(spec.toxiproxy, proxyName, (network) => paths.toxiproxyOn(network)),
    plans,
    paths,
  });
  const password = spec.nodes[0]?.config.requirepass;
  const startServer = async ({ node, ports }: Placed): Promise<ContainerNode> => {
    const on = attach(node.service, node.name, (network) => paths.containerOn(network, node));
    const { id, disk, locks, interposer, again } = await startNode(make, { node, ports }, prefix, on);
    const one: ContainerNode = new ContainerNode({
      engine,
      server: serverOf(options, node),
      name: node.name,
      role: node.role,
      port: node.port,
      container: id,
      direct: { host: "127.0.0.1", port: ports[node.port] ?? 0 },
      data: { name: data.name, alias: node.name },
      onStarted: (pid) => paths.prepare(node.name, pid, plans),
      sharded: spec.sharded,
      disk,
      locks,
      interposer,
      remake: async (server, cut) => {
        const other = await again(server, cut ? data.name : null);
        followed.by.hear(other, one, true);
        return other;
      },
      password: node.role === "sentinel" || node.role === "helper" ? undefined : password,
    });
    followers.hear(id, one);
    await Promise.all([one.inspect().then(() => one.prepare()), followers.logs.follow(node.name, id)]);
    return one;
  };
  // What servers may ask is there before them, and its paths are links from its first packet on.
  const { api, links } = await proxied;
  const helpers = await Promise.all(placed.filter(({ node }) => node.role === "helper").map(startServer));
  await Promise.all(helpers.map((helper) => helper.ready({ within: READY_MS, signal })));
  const servers = await Promise.all(placed.filter(({ node }) => node.role !== "helper").map(startServer));
  const nodes = placed.map(
    ({ node: { name } }) => [...helpers, ...servers].find((one) => one.name === name) as ContainerNode,
  );
  const toxiproxyApi = `${api.host}:${api.port}`;
  const made: MadeServers = { spec, nodes, links, paths, plans, toxiproxyApi, dataNetwork: data.name, followed };
  const cluster = clusterOf(made, options);
  const answers = answersOf(nodes, signal);
  await answers.firstWord;
  await announce(
    options,
    cluster,
    placed.map(({ node, ports }, i) => ({
      node: nodes[i] as ContainerNode,
      ports,
      launch: launchOf(serverOf(options, node).system, node),
      config: node.config,
    })),
  );
  const replicate = async (): Promise<void> => {
    await answers.all;
    await introduceNodes(cluster, signal);
    await ownRule?.form(cluster, signal);
    if (!options.attachLater) await attachReplicas(cluster, signal);
    if (ownRule) await follow(cluster, await ownRule.handOver(cluster, signal), scope);
  };
  return { cluster, made, replicate };
}

/** `all`: every server answers. `firstWord`: that, or one of them has been silent for longer than a start takes. */
function answersOf(
  nodes: readonly ContainerNode[],
  signal: AbortSignal,
): Record<"all" | "firstWord", Promise<unknown>> {
  const silence = withResolvers();
  const all = Promise.all(nodes.map((node) => node.ready({ within: READY_MS, signal }, silence.resolve)));
  all.catch(() => {}); // awaited in the end
  return { all, firstWord: Promise.race([all, silence.promise]) };
}

/** What a run says when its servers cannot find each other by themselves. */
function notPlain(refusal: string): string {
  return `servers reach only the masters that kvchaos names to them: addresses that they learn from each other cannot be dialled here (${refusal}), so FAILOVER and the like do not work`;
}

/** From now on the topology is what the servers or sentinels agree on. */
async function follow(cluster: RunningCluster, agreement: AgreementWatch, scope: CleanupScope): Promise<void> {
  cluster.agreement = agreement;
  scope.defer("stop asking who is master", () => agreement.stop());
  agreement.start();
}

/** Notes who should be what and, in cluster mode, tells every node its name and every master its slots. */
async function introduceNodes(cluster: RunningCluster, signal: AbortSignal): Promise<void> {
  cluster.intend({ ...cluster.topology }, "as the Compose file says");
  if (!cluster.sharded || cluster.ruler !== "operator") return;
  await Promise.all(cluster.nodes.map(({ name }) => cluster.introduce(name, { signal })));
  await Promise.all(cluster.topology.masters.map((name) => cluster.applyRole(name, { signal })));
}
