import { ChaosError } from "../../base/chaos-error.ts";
import { until, type WaitLimits } from "../../base/deadline.ts";
import { replyText } from "../../resp/reply-text.ts";
import type { RoleView } from "../../systems/system.ts";
import { epochOf } from "../agreement.ts";
import type { Address } from "../container-node.ts";
import type { RunningCluster } from "../running-cluster.ts";
import type { Controllers } from "./controllers.ts";

const FORM_MS = 60_000;
const ASK_MS = 2_000;

interface FormOptions {
  cluster: RunningCluster;
  /** Under which all servers, and the controllers, are to know a server. */
  addressOf(node: string): Address;
  signal: AbortSignal;
}

/**
 * Makes a cluster of servers that know nobody, as its operator does: a namespace, a shard for each master, then its replicas. Resolves
 * when every server has been told all of it.
 */
export async function formByControllers(
  controllers: Controllers,
  { cluster, addressOf, signal }: FormOptions,
): Promise<void> {
  const { calls } = controllers.mode;
  const { topology, shards, login } = cluster;
  const { password = "" } = login;
  const placeOf = (node: string): string => {
    const { host, port } = addressOf(node);
    return `${host}:${port}`;
  };
  const limits = { within: FORM_MS, signal };
  await controllers.order(calls.namespace(), limits);
  await controllers.order(calls.cluster(topology.masters.map(placeOf), password), limits);
  for (const [replica, master] of Object.entries(topology.replicaOf)) {
    await controllers.order(calls.replica(topology.masters.indexOf(master), placeOf(replica), password), limits);
  }
  const view = await controllers.current(limits);
  const nameOf = (host: string) => cluster.nodes.find(({ name }) => addressOf(name).host === host)?.name;
  view.shards.forEach(({ nodes, slots }, i) => {
    const wanted = shards?.slots(topology.masters[i] ?? "");
    if (slots.length !== 1 || String(slots[0]) !== String(wanted))
      throw new ChaosError(
        "infrastructure",
        `the controller gave shard ${i + 1} the slots ${slots.join(" ")}, and not ${wanted}`,
      );
    for (const { id, host } of nodes) shards?.learnId(nameOf(host) ?? "", id);
  });
  await Promise.all(
    cluster.nodes.map(({ name }) =>
      until(
        { what: `${name} to be told the topology`, within: FORM_MS, signal, first: 50, every: 200 },
        async (inner) => epochOf(await serverView(cluster, name, { within: ASK_MS, signal: inner })) === view.version,
      ),
    ),
  );
}

/** Whom a server takes for master of what. */
export async function serverView(cluster: RunningCluster, name: string, limits: WaitLimits): Promise<RoleView> {
  const mode = cluster.system.cluster;
  if (!mode) throw new ChaosError("internal", `${cluster.system.name} has no cluster mode`);
  return mode.view(replyText(await cluster.node(name).admin(["CLUSTER", "NODES"], limits)));
}
