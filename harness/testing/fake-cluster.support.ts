import type { Address, Cluster, ClusterNode, ContainerState, RoleOptions, Topology } from "../cluster/cluster.ts";
import { NodeQuestions } from "../cluster/node-questions.ts";
import type { SlotTransit } from "../cluster/slot-moves/slot-transit.ts";
import { SyncProgress, type SyncStep } from "../cluster/sync-progress.ts";
import type { NodeState } from "../journal/events.ts";
import type { Ruler } from "../journal/ruler.ts";
import type { Link } from "../network/link.ts";
import { RawConnection } from "../resp/connection.ts";
import type { Outcome } from "../resp/reply.ts";
import { redis } from "../systems/redis.ts";
import type { LogRule } from "../systems/system.ts";
import { FakeResources } from "./fake-resources.support.ts";

const NOBODY: Address = { host: "127.0.0.1", port: 1 };

/** A cluster without servers for unit tests: remembers what it was told, answers as the topology says. */
export class FakeCluster implements Cluster {
  readonly system = redis;
  readonly control = null;
  readonly sharded: boolean = false;
  slots: SlotTransit | null = null;
  ruler: Ruler = "operator";
  readonly sentinels: ClusterNode[] = [];
  readonly controllers = null;
  readonly helpers: ClusterNode[] = [];
  readonly login = {};
  readonly nodes: ClusterNode[];
  readonly links: Link[];
  topology: Topology;
  /** "r1: REPLICAOF NO ONE", "pause r1", "toxic latency on r1 -> m1 (to-master)", … in order. */
  readonly said: string[] = [];
  #version = 0;
  readonly #lines = new Set<(node: string, line: string) => void>();
  readonly #sync = new SyncProgress();
  readonly #syncSteps = new Set<(step: SyncStep) => void>();
  /** Bytes that have reached a node. */
  readonly received = new Map<string, number>();
  /** What applyRole fails with, by node. */
  readonly refusals = new Map<string, Error>();
  /** What becomes of a command on a connection of its own. */
  answer: (node: string, argv: readonly string[]) => Outcome | Promise<Outcome> = () => ({
    outcome: "ok",
    reply: "OK",
  });

  constructor(masters: string[], replicaOf: Record<string, string>) {
    this.topology = { masters, replicaOf };
    const names = [...masters, ...Object.keys(replicaOf)];
    this.nodes = names.map((name) => this.#node(name));
    this.links = [...names, "client"].flatMap((from, i) =>
      names.filter((to) => to !== from).map((to, j) => this.#link(from, to, 10_000 + i * 10 + j)),
    );
  }

  keyTag(_node?: string): string {
    return "";
  }

  keyTags(node: string, count: number): string[] {
    const tag = this.keyTag(node);
    return Array.from({ length: tag === "" ? 1 : count }, (_, i) => (i === 0 ? tag : tag.replace("}", `-${i}}`)));
  }

  nodeId(node: string): string {
    return `id-of-${node}`;
  }

  topologyText(node: string): string {
    return `all as ${node} sees them`;
  }

  nextTopologyVersion(): number {
    this.#version += 1;
    return this.#version;
  }

  node(name: string): ClusterNode {
    const node = this.nodes.find((one) => one.name === name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  link(from: string, to: string): Link {
    const link = this.links.find((one) => one.from === from && one.to === to);
    if (!link) throw new Error(`no link ${from} -> ${to}`);
    return link;
  }

  /** Whom an address means that some server shows. */
  readonly nodeAt = (host: string, port: number): string | null =>
    this.links.find(({ address }) => address.host === host && address.port === port)?.to ?? null;

  adopt(topology: Topology): void {
    this.topology = topology;
  }

  intend(topology: Topology): void {
    this.topology = topology;
  }

  async applyRole(name: string, { throughNoOne, lasting }: RoleOptions = {}): Promise<void> {
    const master = this.topology.replicaOf[name];
    const how = `${throughNoOne ? " through no one" : ""}${lasting?.connection ? ` on connection ${lasting.connection}` : ""}`;
    this.said.push((master ? `${name} follows ${master}` : `${name} is promoted`) + how);
    const refusal = this.refusals.get(name);
    if (refusal) throw refusal;
  }

  restoreRole(name: string): Promise<void> {
    return this.applyRole(name);
  }

  fullSync(node: string): SyncStep | null {
    return this.#sync.of(node);
  }

  onFullSync(listener: (step: SyncStep) => void): () => void {
    this.#syncSteps.add(listener);
    return () => this.#syncSteps.delete(listener);
  }

  /** As if the node's log had told of a full sync. */
  syncLine(node: string, meaning: LogRule["meaning"], fields: Record<string, string> = {}): void {
    const step = this.#sync.line(node, meaning, fields);
    if (step) for (const listener of this.#syncSteps) listener(step);
  }

  onLogLine(listener: (node: string, line: string) => void): () => void {
    this.#lines.add(listener);
    return () => this.#lines.delete(listener);
  }

  logLine(node: string, line: string): void {
    for (const listener of this.#lines) listener(node, line);
  }

  #node(name: string): ClusterNode {
    const container: ContainerState = {
      running: true,
      paused: false,
      exitCode: null,
      oomKilled: false,
      startedAt: null,
    };
    const say = (what: string) => async () => void this.said.push(`${what} ${name}`);
    return {
      name,
      role: this.topology.masters.includes(name) ? "master" : "replica",
      container: `container-${name}`,
      server: { system: redis, image: "redis:7.0.15" },
      original: { system: redis, image: "redis:7.0.15" },
      direct: { host: "127.0.0.1", port: 2 },
      inside: { host: name, port: 6379 },
      dataAddress: "192.0.2.1",
      interposer: null,
      nearest: () => NOBODY,
      resources: new FakeResources((what) => void this.said.push(`${name}: ${what}`)),
      locks: null,
      copyOut: async (file) => void this.said.push(`copy ${file} of ${name}`),
      questions: new NodeQuestions((limits) => this.node(name).connect(limits), this.sharded),
      pid: () => null,
      received: () => this.received.get(name) ?? null,
      containerState: () => container,
      inspect: async () => container,
      admin: async (argv) => {
        this.said.push(`${name}: ${argv.join(" ")}`);
        return argv[0] === "EXISTS" ? 0 : "OK";
      },
      connect: async ({ nearest, within = 1_000 } = {}) => {
        const address = this.node(name).nearest();
        // A test that gives a node an address has a server there.
        if (nearest && address.port !== NOBODY.port) return RawConnection.open({ ...address, within });
        return {
          isOpen: true,
          localPort: undefined,
          send: async (argv) => this.answer(name, argv.map(String)),
          close: () => {},
        };
      },
      state: async () => this.#state(name),
      ready: async () => {},
      pause: say("pause"),
      unpause: say("unpause"),
      kill: say("kill"),
      start: say("start"),
      startAs: async (other) => {
        this.said.push(`start ${name}${other === null ? "" : ` with ${other.image}`}`);
        const image = other?.image ?? "redis:7.0.15";
        const server = { before: "redis:7.0.15", image, digest: null, container: "", version: "9", ended: null };
        return { failure: null, server };
      },
      stop: say("stop"),
      disconnect: say("disconnect"),
      reconnect: say("reconnect"),
    };
  }

  #state(name: string): NodeState {
    const master = this.topology.replicaOf[name];
    const address = master ? this.link(name, master).address : null;
    return {
      ...redis.state(""),
      role: master ? "replica" : "master",
      masterHost: address?.host ?? null,
      masterPort: address?.port ?? null,
    };
  }

  #link(from: string, to: string, port: number): Link {
    const name = `${from} -> ${to}`;
    return {
      name,
      from,
      to,
      address: { host: "toxiproxy", port },
      published: { host: "127.0.0.1", port: 1 },
      addToxic: async (toxic, type, direction) =>
        void this.said.push(`toxic ${toxic}: ${type} on ${name} (${direction})`),
      removeToxic: async (toxic) => void this.said.push(`no toxic ${toxic} on ${name}`),
    };
  }
}
