import { ChaosError } from "../../base/chaos-error.ts";
import type { Address } from "../../cluster/cluster.ts";
import type { OwnNode } from "../../cluster/container-node.ts";
import type { ClusterLogs } from "../../cluster/logs.ts";
import { RunningCluster } from "../../cluster/running-cluster.ts";
import type { Emit } from "../../journal/events.ts";
import { keySpacesOf } from "../../journal/loads/key-space.ts";
import type { Link } from "../../network/link.ts";
import type { AttachedNode } from "./attached-node.ts";
import type { AttachedServers } from "./attached-servers.ts";

/** Servers that are there, as one cluster. Nothing is asked or told. @param parts.nodes those of the servers, and a control node */
export function clusterOf(
  { servers, topology, prefix, login }: AttachedServers,
  { nodes, links, logs, emit }: { nodes: readonly OwnNode[]; links: readonly Link[]; logs: ClusterLogs; emit: Emit },
): RunningCluster {
  const [first] = servers.values();
  if (!first) throw new ChaosError("internal", "there is no server to attach to");
  return new RunningCluster({
    ...{ system: first.system, nodes, links, logs, topology, emit, login, copyAll: false, ownKeys: prefix },
    ...{ keySpaces: keySpacesOf({}), toxiproxyApi: "", dataNetwork: "", shards: null },
    ...{ ruler: "operator", controllers: null, namesOf: () => [] },
    nodeAt: (host, port) => nodeAt(servers, { host, port }),
  });
}

/** Whom an address means that a server shows. */
function nodeAt(servers: AttachedServers["servers"], { host, port }: Address): string | null {
  const is = (one: Address): boolean => one.host === host && one.port === port;
  return [...servers].find(([, { at, inside }]) => is(inside) || is(at))?.[0] ?? null;
}

/** How servers that are there reach each other: no path of ours. */
export function pathsBetween(nodes: readonly AttachedNode[]): Link[] {
  return nodes.flatMap((to) =>
    nodes
      .filter((from) => from !== to)
      .map((from) => pathOf(from.name, to.name, { address: to.inside, published: to.direct })),
  );
}

/** A path on which nothing of ours stands. */
export function pathOf(from: string, to: string, where: Pick<Link, "address" | "published">): Link {
  const name = `${from} -> ${to}`;
  return {
    ...{ name, from, to, ...where },
    addToxic: async () => {
      throw new ChaosError("internal", `${name} is no path of ours`);
    },
    removeToxic: async () => {},
  };
}
