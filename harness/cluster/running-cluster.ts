import { ChaosError } from "../base/chaos-error.ts";
import { sleep, until, type WaitLimits } from "../base/deadline.ts";
import type { Emit } from "../journal/events.ts";
import type { KeySpace } from "../journal/loads/key-space.ts";
import type { Ruler } from "../journal/ruler.ts";
import type { Link } from "../network/link.ts";
import type { Login } from "../resp/login.ts";
import { RespError } from "../resp/reply.ts";
import type { Argv, ClusterMode, System } from "../systems/system.ts";
import { AdminLanes, type LaneOutcome, shown } from "./admin-lanes.ts";
import type { AgreementWatch } from "./agreement-watch.ts";
import type { Address, Cluster, ClusterNode, RoleOptions, Topology } from "./cluster.ts";
import type { OwnNode } from "./container-node.ts";
import type { Controllers } from "./controllers/controllers.ts";
import { deviationOf } from "./dial/deviation.ts";
import type { ClusterLogs } from "./logs.ts";
import type { Shards } from "./shards.ts";
import { claimedSlots } from "./slot-moves/claimed-slots.ts";
import { SlotMoves } from "./slot-moves/slot-moves.ts";
import type { SyncStep } from "./sync-progress.ts";

/** A lasting connection waits this long for an answer unless told otherwise, ms. */
const ROLE_MS = 5_000;
const [ASK_AGAIN_MS, ASK_MS] = [100, 2_000];

/** What it is made of as it stands; `nodes`: of every role. */
type Given = Pick<
  RunningCluster,
  | "system"
  | "nodes"
  | "links"
  | "logs"
  | "login"
  | "keySpaces"
  | "toxiproxyApi"
  | "dataNetwork"
  | "shards"
  | "ruler"
  | "controllers"
  | "nodeAt"
  | "namesOf"
>;

/** A cluster whose containers run and whose links are open. */
export class RunningCluster implements Cluster {
  readonly system: System;
  readonly nodes: readonly OwnNode[];
  readonly sentinels: readonly OwnNode[];
  readonly helpers: readonly OwnNode[];
  readonly control: OwnNode | null;
  readonly ruler: Ruler;
  /** Those of the helpers who rule; null: somebody else does. */
  readonly controllers: Controllers | null;
  /** What servers, sentinels or controllers agree on; null where the operator rules, or before they do. */
  agreement: AgreementWatch | null = null;
  readonly links: readonly Link[];
  readonly logs: ClusterLogs;
  readonly login: Login;
  readonly keySpaces: readonly KeySpace[];
  /** Toxiproxy's API on this machine, host:port. */
  readonly toxiproxyApi: string;
  /** Name of the engine's network on which the nodes, and the links' `address`, can be reached. */
  readonly dataNetwork: string;
  /** null: every master has all keys. */
  readonly shards: Shards | null;
  readonly slots: SlotMoves | null;
  /** Whom an address means that some server has learnt or shows; null: none of them. */
  readonly nodeAt: (host: string, port: number) => string | null;
  /** All that a server may call a node in a redirection, "host:port". */
  readonly namesOf: (node: string) => string[];
  /** What every key of ours begins with; "": all keys are ours. */
  readonly ownKeys: string;
  readonly #copyAll: boolean;
  readonly #lanes: ReadonlyMap<string, AdminLanes>;
  #topology: Topology;
  readonly #emit: Emit;
  readonly #followers = new Set<(topology: Topology) => void>();
  /** Cluster mode: the topology that each node was told last. */
  readonly #told = new Map<string, Topology>();

  constructor(options: Given & { topology: Topology; emit: Emit; copyAll: boolean; ownKeys?: string }) {
    this.system = options.system;
    this.nodes = options.nodes.filter(({ role }) => role === "master" || role === "replica");
    this.sentinels = options.nodes.filter(({ role }) => role === "sentinel");
    this.helpers = options.nodes.filter(({ role }) => role === "helper");
    [this.ruler, this.controllers] = [options.ruler, options.controllers];
    this.control = options.nodes.find((node) => node.role === "control") ?? null;
    [this.links, this.logs] = [options.links, options.logs];
    this.keySpaces = options.keySpaces;
    [this.toxiproxyApi, this.dataNetwork] = [options.toxiproxyApi, options.dataNetwork];
    this.#topology = options.topology;
    const { shards, emit, login } = options;
    this.#emit = emit;
    [this.shards, this.login] = [shards, login];
    this.slots = shards && new SlotMoves(shards, this, emit);
    this.ownKeys = options.ownKeys ?? "";
    this.#copyAll = options.copyAll;
    [this.nodeAt, this.namesOf] = [options.nodeAt, options.namesOf];
    const lanes = this.nodes.map((node) => new AdminLanes({ node: node.name, address: node.direct, login, emit }));
    this.#lanes = new Map(lanes.map((lane, i) => [this.nodes[i]?.name ?? "", lane]));
  }

  get sharded(): boolean {
    return this.shards !== null;
  }

  get topology(): Readonly<Topology> {
    return this.#topology;
  }

  keyTag(node: string): string {
    return this.keyTags(node, 1)[0] as string;
  }

  keyTags(node: string, count: number): string[] {
    const tags = this.shards?.tags(this.#topology.replicaOf[node] ?? node, count) ?? [""];
    return tags.map((tag) => `${tag}${this.ownKeys}`);
  }

  nodeId(node: string): string {
    if (!this.shards) throw new ChaosError("internal", "the cluster has no cluster mode");
    return this.shards.id(node);
  }

  topologyText(node: string): string {
    const { shards, mode } = this.#ofCluster();
    return mode.topologyText(shards.members(this.#topology, (to) => this.addressFrom(node, to)));
  }

  nextTopologyVersion(): number {
    return this.#ofCluster().shards.nextVersion();
  }

  #ofCluster(): { shards: Shards; mode: ClusterMode } {
    const { shards, system } = this;
    if (!shards || !system.cluster) throw new ChaosError("internal", "the cluster has no cluster mode");
    return { shards, mode: system.cluster };
  }

  /** As `from` dials `to`; a node's own address for itself. */
  addressFrom(from: string, to: string): Address {
    return to === from ? { host: from, port: this.node(from).server.system.port } : this.link(from, to).address;
  }

  node(name: string): ClusterNode {
    const node = [...this.nodes, ...this.sentinels, ...this.helpers].find((one) => one.name === name);
    if (!node) throw new ChaosError("internal", `no node is called "${name}"`);
    return node;
  }

  link(from: string, to: string): Link {
    const link = this.links.find((one) => one.from === from && one.to === to);
    if (!link) throw new ChaosError("internal", `there is no link "${from} -> ${to}"`);
    return link;
  }

  intend(topology: Topology, reason: string, leftBy?: readonly string[]): void {
    this.shards?.follow(this.#topology, topology);
    this.#topology = topology;
    const { masters, replicaOf } = topology;
    const { shards } = this;
    const slots = shards ? { slots: masters.map((name) => shards.slots(name)) } : {};
    this.#emit({ type: "topology", masters, replicaOf, reason, ...(leftBy && { leftBy }), ...slots });
    for (const follow of this.#followers) follow(topology);
  }

  /** Takes over a topology that the servers have already: nobody need be told. @param leftBy faults that have left it so */
  adopt(topology: Topology, reason: string, leftBy?: readonly string[]): void {
    this.intend(topology, reason, leftBy);
    for (const { name } of this.nodes) this.#told.set(name, topology);
  }

  claimedSlots(name: string, limits: WaitLimits): Promise<[number, number][] | null> {
    return claimedSlots({ system: this.system, sharded: this.sharded, node: (one) => this.node(one) }, name, limits);
  }

  /** Calls `follow` at every change of the intended topology. */
  onTopology(follow: (topology: Topology) => void): void {
    this.#followers.add(follow);
  }

  async applyRole(name: string, options: RoleOptions = {}): Promise<void> {
    if (this.agreement !== null) return;
    const { lasting, within = ROLE_MS, signal } = options;
    const topology = this.#topology;
    for (const argv of this.#roleCommands(name, options.throughNoOne ?? false)) {
      if (!lasting) {
        await this.#tell(name, argv, { within, signal });
        continue;
      }
      const outcome = await this.#say(name, argv, { lasting, within, signal });
      if (outcome.kind !== "answered") {
        const why = outcome.kind === "not-sent" ? "was not told its role" : `${outcome.kind} when told its role`;
        throw new ChaosError("infrastructure", `${name} ${why}: ${outcome.detail}`);
      }
    }
    this.#told.set(name, topology);
  }

  /** What makes a server another than the topology says; null: it is where it should be. Waits until it says what it is. */
  async deviation(name: string, { within = ROLE_MS, signal }: WaitLimits = {}): Promise<string | null> {
    const said = await until({ what: `${name} to say what it is`, within, signal }, async (inner) => {
      const state = await this.node(name).state({ within: ASK_MS, signal: inner });
      return state.role !== "unknown" && state;
    });
    // It may be carried out at any moment, whatever the server says now.
    if (this.#lanes.get(name)?.isWaiting) return "a command that a fault gave it has had no answer yet";
    const wrong = deviationOf(name, said, this.#topology, this.nodeAt);
    if (wrong !== null || !this.shards) return wrong;
    return this.#told.get(name) === this.#topology ? null : "it has not been told how the topology has changed";
  }

  async restoreRole(name: string, { by, within = ROLE_MS, signal }: WaitLimits & { by: string }): Promise<void> {
    if (this.agreement !== null) return;
    const wrong = await this.deviation(name, { within, signal });
    if (wrong !== null) await this.tellRole(name, { within, signal, by, why: wrong });
  }

  /** Tells a server its role, and the journal why. Rejects as applyRole does. */
  async tellRole(name: string, { by, why, ...limits }: WaitLimits & { by: string; why: string }): Promise<void> {
    const told = this.#roleCommands(name, false, false).map((argv) => shown(argv()));
    this.#emit({ type: "repair", node: name, by, why, told });
    await this.applyRole(name, limits);
  }

  /** On a connection of its own. */
  async #tell(name: string, argv: () => Argv, { within, signal }: WaitLimits & { within: number }): Promise<void> {
    for (const end = performance.now() + within; ; ) {
      try {
        await this.node(name).admin(argv(), { within, signal });
        return;
      } catch (error) {
        const reply = error instanceof ChaosError ? error.cause : undefined;
        const passing = reply instanceof RespError && this.#passes(name, reply.message);
        if (!passing || performance.now() > end) throw error;
      }
      await sleep(ASK_AGAIN_MS, signal);
    }
  }

  async #say(
    name: string,
    argv: () => Argv,
    { lasting, ...limits }: WaitLimits & { lasting: { connection: number; by: string }; within: number },
  ): Promise<LaneOutcome> {
    const lanes = this.#lanes.get(name) as AdminLanes;
    for (const end = performance.now() + limits.within; ; ) {
      const outcome = await lanes.send(lasting.connection, { argv, by: lasting.by, ...limits });
      const passing = outcome.kind === "refused" && this.#passes(name, outcome.detail);
      if (!passing || performance.now() > end) return outcome;
      await sleep(ASK_AGAIN_MS, limits.signal);
    }
  }

  /** A server that restores its data, or cannot yet, says so: it is asked again, as a script would, for as long as an answer may take. */
  #passes(name: string, reply: string): boolean {
    const { restoringReplies, refusedForNow = [] } = this.node(name).server.system;
    return [...restoringReplies, ...refusedForNow].some((prefix) => reply.startsWith(prefix));
  }

  /** What makes a server what the topology says at this moment; a topology's number is drawn when it is sent. */
  #roleCommands(name: string, throughNoOne: boolean, number = true): (() => Argv)[] {
    const { commands, cluster } = this.node(name).server.system;
    const address = (to: string) => this.addressFrom(name, to);
    const { shards } = this;
    if (shards && cluster) {
      const members = shards.members(this.#topology, address);
      return [() => cluster.setNodes(members, number ? shards.nextVersion() : shards.version)];
    }
    const master = this.#topology.replicaOf[name];
    if (master === undefined) return [() => commands.promote()];
    const { host, port } = address(master);
    const follow = (): Argv => commands.replicateFrom(host, port, { copyAll: this.#copyAll });
    return throughNoOne ? [() => commands.promote(), follow] : [follow];
  }

  /** Cluster mode: tells a new node who it is. */
  async introduce(name: string, limits: WaitLimits): Promise<void> {
    const { cluster } = this.node(name).server.system;
    if (cluster && this.shards) await this.node(name).admin(cluster.setNodeId(this.shards.id(name)), limits);
  }

  /** Ends the lasting administration connections, and those that nobody has closed. */
  closeLanes(): void {
    for (const lanes of this.#lanes.values()) lanes.close();
    for (const node of [...this.nodes, ...this.sentinels]) node.closeConnections();
  }

  fullSync(node: string): SyncStep | null {
    return this.logs.fullSync(node);
  }

  onFullSync(listener: (step: SyncStep) => void): () => void {
    return this.logs.onFullSync(listener);
  }

  onLogLine(listener: (node: string, line: string) => void): () => void {
    return this.logs.onLine(listener);
  }
}
