import { ChaosError } from "../base/chaos-error.ts";
import { replyText } from "../resp/reply-text.ts";
import type { System } from "../systems/system.ts";
import { AgreementWatch } from "./agreement-watch.ts";
import type { DialPaths } from "./dial/dial-paths.ts";
import { awaitSentinels, formCluster } from "./form-cluster.ts";
import type { RunningCluster } from "./running-cluster.ts";
import type { ClusterSpec, NodeSpec } from "./spec.ts";

/**
 * What is different about a cluster that says itself who is master, of servers or by sentinels: every server announces the
 * address by which all others know it, they are introduced to each other once, and the topology follows what they agree on.
 * null: the operator rules.
 */
export function selfRule(
  { gossip, sentinel }: Pick<System, "gossip" | "sentinel">,
  { ruler, topology }: Pick<ClusterSpec, "ruler" | "topology">,
  paths: DialPaths,
) {
  if (ruler === "operator") return null;
  const servers = ruler === "servers";
  const hostOf = (name: string) => paths.addresses.of(name);
  return {
    /** A node with what it must be told of its own address. */
    announced(node: NodeSpec): NodeSpec {
      const mode = servers ? gossip : sentinel;
      if (node.role === "control" || node.role === "sentinel" || !mode) return node;
      return { ...node, config: { ...node.config, ...mode.config(hostOf(node.name)) } };
    },

    /** How a sentinel is started; undefined for every other node. */
    launch(node: NodeSpec) {
      const [master] = topology.masters;
      if (node.role !== "sentinel" || master === undefined) return undefined;
      return sentinel?.launch(node.config, hostOf(node.name), paths.addressOf(master));
    },

    /** Introduces servers that know nobody to each other. */
    async form(cluster: RunningCluster, signal: AbortSignal): Promise<void> {
      if (servers && gossip) await formCluster(gossip, { cluster, hostOf, signal });
    },

    /** The replicas are attached: resolves when whoever chooses the master knows everybody. From now on nobody is told a role. */
    async handOver(cluster: RunningCluster, signal: AbortSignal): Promise<AgreementWatch> {
      if (!servers && sentinel) await awaitSentinels(sentinel, { cluster, signal });
      return new AgreementWatch({
        voters: (servers ? cluster.nodes : cluster.sentinels).map((node) => ({
          name: node.name,
          view: async (limits) => {
            if (servers && gossip) return gossip.view(replyText(await node.admin(gossip.commands.view(), limits)));
            if (sentinel) return sentinel.view(await node.admin(sentinel.commands.view(), limits));
            throw new ChaosError("internal", "nobody to ask");
          },
        })),
        question: {
          get shards() {
            return cluster.topology.masters.map((name) => (cluster.shards ? cluster.shards.lasting(name) : 0));
          },
          nameOf: (host) => paths.nameOf(host),
        },
        topology: () => cluster.topology,
        onAgreed: (topology, reason) => cluster.intend(topology, reason),
      });
    },
  };
}
