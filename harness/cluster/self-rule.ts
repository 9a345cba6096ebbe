import { ChaosError } from "../base/chaos-error.ts";
import type { WaitLimits } from "../base/deadline.ts";
import { replyText } from "../resp/reply-text.ts";
import type { GossipMode, RoleView, System } from "../systems/system.ts";
import { AgreementWatch } from "./agreement-watch.ts";
import type { ClusterNode } from "./cluster.ts";
import { formByControllers, serverView } from "./controllers/form-by-controllers.ts";
import type { DialPaths } from "./dial/dial-paths.ts";
import { awaitSentinels, formCluster } from "./form-cluster.ts";
import type { RunningCluster } from "./running-cluster.ts";
import type { ClusterSpec, NodeSpec } from "./spec.ts";

/**
 * What is different about a cluster that says itself who is master, of servers, by sentinels or by controllers: every server announces the
 * address by which all others know it, they are introduced to each other once, and the topology follows what they agree on.
 * null: the operator rules.
 */
export function selfRule(
  { gossip, sentinel, controller }: Pick<System, "gossip" | "sentinel" | "controller">,
  { ruler, topology, nodes }: Pick<ClusterSpec, "ruler" | "topology" | "nodes">,
  paths: DialPaths,
) {
  if (ruler === "operator") return null;
  const servers = ruler === "servers";
  const store = nodes.find(({ service }) => service.role === "store")?.name ?? "";
  const hostOf = (name: string) => paths.addresses.of(name);
  return {
    /** A node with what it must be told of its own address. */
    announced(node: NodeSpec): NodeSpec {
      const mode = { servers: gossip, sentinels: sentinel, controllers: null }[ruler];
      if ((node.role !== "master" && node.role !== "replica") || !mode) return node;
      return { ...node, config: { ...node.config, ...mode.config(hostOf(node.name)) } };
    },

    /** How a sentinel or a controller is started; undefined for every other node. */
    launch(node: NodeSpec) {
      if (node.service.role === "controller") return controller?.launch(node.config, paths.addressOf(store));
      const [master] = topology.masters;
      if (node.role !== "sentinel" || master === undefined) return undefined;
      return sentinel?.launch(node.config, hostOf(node.name), paths.addressOf(master));
    },

    /** Introduces servers that know nobody to each other. */
    async form(cluster: RunningCluster, signal: AbortSignal): Promise<void> {
      if (servers && gossip) await formCluster(gossip, { cluster, hostOf, signal });
      if (cluster.controllers) {
        const addressOf = (name: string) => paths.addressOf(name);
        await formByControllers(cluster.controllers, { cluster, addressOf, signal });
      }
    },

    /** The replicas are attached: resolves when whoever chooses the master knows everybody. From now on nobody is told a role. */
    async handOver(cluster: RunningCluster, signal: AbortSignal): Promise<AgreementWatch> {
      const { controllers } = cluster;
      if (ruler === "sentinels" && sentinel) await awaitSentinels(sentinel, { cluster, signal });
      const ruled = controllers && {
        oneRules: true as const,
        voters: controllers.nodes.map(({ name }) => ({
          name,
          view: (limits: WaitLimits) => controllers.roles(name, limits),
        })),
        told: cluster.nodes.map(({ name }) => ({
          name,
          view: (limits: WaitLimits) => serverView(cluster, name, limits),
        })),
      };
      return new AgreementWatch({
        voters: (servers ? cluster.nodes : cluster.sentinels).map((node) => ({
          name: node.name,
          view: async (limits) => {
            if (servers && gossip) return gossipView(gossip, node, limits);
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
        ...ruled,
      });
    },
  };
}

async function gossipView(gossip: GossipMode, node: ClusterNode, limits: WaitLimits): Promise<RoleView> {
  const view = gossip.view(replyText(await node.admin(gossip.commands.view(), limits)));
  const { self, masters, replicaOf } = view;
  if (self === null || Object.hasOwn(replicaOf, self) || masters.some(({ host }) => host === self)) return view;
  return { ...view, staysEmpty: gossip.staysEmpty(await node.admin(gossip.commands.whenEmpty(), limits)) };
}
