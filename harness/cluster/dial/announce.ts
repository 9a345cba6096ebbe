import type { ComposeFile } from "../../docker/compose.ts";
import type { Engine } from "../../docker/engine.ts";
import type { Emit, EventOf } from "../../journal/events.ts";
import type { ContainerNode } from "../container-node.ts";
import { journaledLaunch, type launchOf } from "../launch.ts";
import type { RunningCluster } from "../running-cluster.ts";

/** To say its version, for a server that may be silent. */
const VERSION_MS = 5_000;

interface Announced {
  node: ContainerNode;
  /** Server port → port on 127.0.0.1. */
  ports: Record<string, number>;
  launch: ReturnType<typeof launchOf>;
  config: Readonly<Record<string, string>>;
}

/** Journals what was started: every server with its image, ports and version, and the links. */
export async function announce(
  options: { engine: Engine; compose: ComposeFile; emit: Emit; signal: AbortSignal },
  cluster: RunningCluster,
  servers: readonly Announced[],
): Promise<void> {
  const { engine, emit, signal } = options;
  const images = new Set(servers.map(({ node }) => node.server.image));
  const digests = await Promise.all(
    [...images].map(async (image) => [image, (await engine.inspectImage(image, { signal }))?.digest ?? null] as const),
  );
  const digestOf = new Map(digests);
  const versions = await Promise.all(
    servers.map(({ node }) => (node.role === "helper" ? null : versionOf(node, signal))),
  );
  emit({
    type: "cluster",
    nodes: servers.map(({ node, ports, launch }, i) => ({
      name: node.name,
      role: node.role,
      container: node.container,
      image: node.server.image,
      digest: digestOf.get(node.server.image) ?? null,
      ports,
      version: versions[i] ?? null,
      launch: journaledLaunch(launch),
    })),
    mode: options.compose.mode,
    ruledBy: cluster.ruler,
    ...rulingIn(cluster, servers),
    links: cluster.links.map(({ name, from, to, published }) => {
      return { name, from, to, address: `${published.host}:${published.port}` };
    }),
  });
}

/** Who rules where controllers do, and by which limits. */
function rulingIn(cluster: RunningCluster, servers: readonly Announced[]): Pick<EventOf<"cluster">, "controllers"> {
  const { controllers } = cluster;
  if (!controllers) return {};
  const names = controllers.nodes.map(({ name }) => name);
  const config = servers.find(({ node }) => names.includes(node.name))?.config ?? {};
  const hosts = Object.fromEntries(cluster.nodes.map(({ name }) => [controllers.hostOf(name), name]));
  return { controllers: { names, store: controllers.store, ...controllers.mode.limits(config), hosts } };
}

/** null: it does not say, or is silent. */
function versionOf(node: ContainerNode, signal: AbortSignal): Promise<string | null> {
  return node.version({ within: VERSION_MS, signal }).catch(() => {
    signal.throwIfAborted();
    return null;
  });
}
