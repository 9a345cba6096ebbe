import { until } from "../base/deadline.ts";
import { replyText } from "../resp/reply-text.ts";
import type { GossipMode, SentinelMode } from "../systems/system.ts";
import type { RunningCluster } from "./running-cluster.ts";

const FORM_MS = 60_000;
const ASK_MS = 2_000;

interface FormOptions {
  cluster: RunningCluster;
  /** The host that a node announces. */
  hostOf(node: string): string;
  signal: AbortSignal;
}

/**
 * Makes a cluster of servers that know nobody yet: slots to the masters, everybody meets the first one, replicas are given
 * their masters. Resolves when all of them call it in order.
 */
export async function formCluster(gossip: GossipMode, { cluster, hostOf, signal }: FormOptions): Promise<void> {
  const { commands } = gossip;
  const { nodes, topology, shards } = cluster;
  const ids = new Map<string, string>();
  await Promise.all(
    nodes.map(async (node) => {
      const id = replyText(await node.admin(commands.myId(), { signal }));
      ids.set(node.name, id);
      shards?.learnId(node.name, id);
    }),
  );
  await Promise.all(
    nodes.map(async (node, i) => {
      // Every epoch is another: two claims to one slot must not be equally old.
      await node.admin(commands.setEpoch(i + 1), { signal });
      const slots = shards?.slots(node.name);
      if (slots) await node.admin(commands.addSlots(slots), { signal });
    }),
  );
  const [first, ...others] = nodes;
  for (const { name } of others)
    await first?.admin(commands.meet(hostOf(name), cluster.node(name).server.system.port), { signal });
  const inOrder = (wanted: (name: string) => Promise<boolean>, what: string) =>
    Promise.all(
      nodes.map(({ name }) =>
        until({ what: `${name}: ${what}`, within: FORM_MS, signal, first: 25, every: 200 }, async () => wanted(name)),
      ),
    );
  const health = async (name: string) =>
    gossip.health(replyText(await cluster.node(name).admin(commands.health(), { within: ASK_MS, signal })));
  await inOrder(async (name) => (await health(name)).nodes === nodes.length, "to know all others");
  await Promise.all(
    Object.entries(topology.replicaOf).map(([replica, master]) =>
      cluster.node(replica).admin(commands.replicate(ids.get(master) ?? ""), { signal }),
    ),
  );
  await inOrder(async (name) => (await health(name)).ok, "the cluster to be in order");
}

/** Resolves when every sentinel knows every replica and every other sentinel. */
export async function awaitSentinels(
  sentinel: SentinelMode,
  { cluster, signal }: Omit<FormOptions, "hostOf">,
): Promise<void> {
  const replicas = Object.keys(cluster.topology.replicaOf).length;
  await Promise.all(
    cluster.sentinels.map((one) =>
      until({ what: `${one.name} to know the others`, within: FORM_MS, signal, first: 25, every: 200 }, async () => {
        const known = sentinel.known(await one.admin(sentinel.commands.view(), { within: ASK_MS, signal }));
        return known.replicas === replicas && known.sentinels === cluster.sentinels.length - 1;
      }),
    ),
  );
}
