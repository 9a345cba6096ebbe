import { ChaosError } from "../base/chaos-error.ts";
import { checkRedirect } from "../network/virtual-addresses.ts";
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
 */
export class SelfRule {
  readonly #system: System;
  readonly #spec: ClusterSpec;
  readonly #paths: DialPaths;

  private constructor(system: System, spec: ClusterSpec, paths: DialPaths) {
    this.#system = system;
    this.#spec = spec;
    this.#paths = paths;
  }

  /** null: the operator rules. */
  static of(system: System, spec: ClusterSpec, paths: DialPaths): SelfRule | null {
    return spec.ruler === "operator" ? null : new SelfRule(system, spec, paths);
  }

  /** @throws ChaosError infrastructure: this machine cannot redirect what servers dial */
  static check({ ruler }: ClusterSpec, engineIsLocal: boolean): void {
    if (ruler !== "operator") checkRedirect(engineIsLocal);
  }

  /** A node with what it must be told of its own address. */
  announced(node: NodeSpec): NodeSpec {
    const { gossip, sentinel } = this.#system;
    const mode = this.#spec.ruler === "servers" ? gossip : sentinel;
    if (node.role === "control" || node.role === "sentinel" || !mode) return node;
    return { ...node, config: { ...node.config, ...mode.config(this.#paths.addresses.of(node.name)) } };
  }

  /** How a sentinel is started; undefined for every other node. */
  launch(node: NodeSpec) {
    const [master] = this.#spec.topology.masters;
    if (node.role !== "sentinel" || master === undefined) return undefined;
    return this.#system.sentinel?.launch(
      node.config,
      this.#paths.addresses.of(node.name),
      this.#paths.addressOf(master),
    );
  }

  /** Introduces servers that know nobody to each other. */
  async form(cluster: RunningCluster, signal: AbortSignal): Promise<void> {
    const { gossip } = this.#system;
    if (this.#spec.ruler !== "servers" || !gossip) return;
    await formCluster(gossip, { cluster, hostOf: (name) => this.#paths.addresses.of(name), signal });
  }

  /** The replicas are attached: resolves when whoever chooses the master knows everybody. From now on nobody is told a role. */
  async handOver(cluster: RunningCluster, signal: AbortSignal): Promise<AgreementWatch> {
    const { sentinel } = this.#system;
    if (this.#spec.ruler === "sentinels" && sentinel) await awaitSentinels(sentinel, { cluster, signal });
    return this.#watch(cluster);
  }

  #watch(cluster: RunningCluster): AgreementWatch {
    const { gossip, sentinel } = this.#system;
    const servers = this.#spec.ruler === "servers";
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
        shards: cluster.topology.masters.map((name) => cluster.shards?.slots(name)?.[0] ?? 0),
        nameOf: (host) => this.#paths.addresses.nameOf(host),
      },
      topology: () => cluster.topology,
      onAgreed: (topology, reason) => cluster.intend(topology, reason),
    });
  }
}
