import path from "node:path";
import { dialledClients } from "../../experiment/vias.ts";
import { faults } from "../../faults/registry.ts";
import type { Plan } from "../../journal/plan.ts";
import { redis } from "../../systems/redis.ts";
import { startControl } from "../../watchdog/control-server.ts";
import type { RunCluster } from "../run-cluster.ts";
import type { RunContext } from "../run-context.ts";
import { AttachedLogs } from "./attached-logs.ts";
import { AttachedNode } from "./attached-node.ts";
import type { AttachedServers } from "./attached-servers.ts";
import { clientLinks } from "./client-links.ts";
import { clusterOf } from "./cluster-of.ts";
import { startKeeper } from "./keeper.ts";
import type { KeeperTask } from "./keeper-words.ts";
import { foreignKeys } from "./keys.ts";
import { PUT_BACK_MS, putBack } from "./put-back.ts";

const CONTROL = "control";

/**
 * A cluster of servers that are there. Nothing is told to them before the first fault; that they are put back is registered before
 * anything of the run is done to them.
 */
export async function attachCluster(context: RunContext, attached: AttachedServers): Promise<RunCluster> {
  const { options, clock, emit, scope, directory } = context;
  const { engine, plan } = options;
  const { servers, prefix, login, topology, deletes } = attached;
  const make = { login, engine, clock };
  const nodes = [...servers].map(([name, server]) => {
    return new AttachedNode({ ...make, name, role: server.role, server, forbidsFlush: () => forbidsFlush() });
  });
  /** FLUSHALL reaches whoever replicates from the one that gets it. */
  const forbidsFlush = async (): Promise<string | null> => {
    if (deletes) return null;
    const found = await Promise.all([...servers].map(([name, one]) => foreignKeys({ ...one, name }, prefix, login)));
    return found.find((why) => why !== null) ?? null;
  };
  await Promise.all(nodes.map((node) => node.look()));
  const control = await startControl();
  scope.defer("stop the control server", () => control.stop());
  const here = { host: "127.0.0.1", port: control.port };
  const late = new AttachedNode({
    ...{ ...make, login: {}, name: CONTROL, role: "control", forbidsFlush },
    server: { at: here, inside: here, system: redis, version: null, pid: process.pid },
  });
  const masters = [...servers].flatMap(([name, { role }]) => (role === "master" ? [name] : []));
  const replicas = [...servers.keys()].filter((name) => !masters.includes(name));
  const links = await clientLinks(context, nodes, dialledClients(plan, { masters, replicas }, faults));
  const logs = new AttachedLogs(path.join(directory, "evidence", "logs"), emit);
  const cluster = clusterOf(attached, { nodes: [...nodes, late], links, logs, emit });
  scope.defer("close the administration connections", async () => cluster.closeLanes());
  const dismiss = await startKeeper(attached, { directory, deeds: deedsOf(plan), signal: context.signal });
  scope.defer("dismiss who would put the servers back", dismiss);
  scope.defer("put the servers back as they were", () => putBack(cluster, attached, emit), PUT_BACK_MS);
  emit({
    type: "cluster",
    attached: true,
    nodes: [...nodes, late].map(({ name, role, container, server: { image }, direct: { port } }) => ({
      ...{ name, role, container: container === "" ? name : container, image, digest: null },
      ...{ ports: { [port]: port }, version: servers.get(name)?.version ?? null },
    })),
    links: links
      .filter(({ from }) => from === "client")
      .map(({ name, from, to, published: { host, port } }) => ({ name, from, to, address: `${host}:${port}` })),
    ...{ mode: null, ruledBy: "operator" },
  });
  return {
    ...{ cluster, made: null, snapshot: null, runs: 0 },
    // They replicate already, and are told nothing.
    replicate: async () => cluster.adopt(topology, "as the servers say"),
  };
}

/** What faults of a plan do to processes. */
function deedsOf({ faults: planned }: Pick<Plan, "faults">): KeeperTask["deeds"] {
  const kinds = planned.map(({ fault }) => fault);
  return (["kill", "pause"] as const).filter((kind) => kinds.includes(kind));
}
