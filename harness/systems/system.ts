import type { ImageRecipe } from "../images/image-recipe.ts";
import type { NodeState } from "../journal/events.ts";
import type { KeySpace } from "../journal/loads/key-space.ts";
import { SYSTEM_NAMES, type SystemName } from "../journal/plan.ts";
import type { Reply } from "../resp/reply.ts";
import type { ControllerMode } from "./controller-mode.ts";
import type { Launch, LogRule } from "./launch.ts";

export type { Launch, LogRule } from "./launch.ts";
export { SYSTEM_NAMES, type SystemName };

/** One command: name and arguments. */
export type Argv = readonly string[];

/** One node of a cluster as one server is told of it. */
export interface ClusterMember {
  id: string;
  host: string;
  port: number;
  /** The id of its master, or null for a master. */
  master: string | null;
  /** The slots of a master as ranges, both ends included; none of a replica. */
  slots: readonly (readonly [number, number])[];
}

/** A slot that is on its way, as one server says of itself: `peer` is the id of the other end. */
export interface OpenSlot {
  slot: number;
  state: "migrating" | "importing";
  peer: string;
}

/** How slots are moved where the operator carries the keys over himself (Redis Cluster): both ends are told, key by key, then all. */
export interface SlotCommands {
  /** `migrating`: sent to who has the slot, of the one that gets it; `importing`: the other way round; `node`: it is this one's now. */
  setSlot(slot: number, what: OpenSlot["state"] | "node", id: string): Argv;
  /** It is not on its way any more. */
  stable(slot: number): Argv;
  /** Some of the keys that the server has in the slot. */
  keys(slot: number, most: number): Argv;
  /** Sent to who has the keys. @param within ms for each step of the two servers */
  migrate(
    to: { host: string; port: number },
    keys: readonly string[],
    how: { within: number; replace: boolean; password?: string | undefined },
  ): Argv;
}

/** Whose slots are, as one server tells it: of every node, by its id, ranges with both ends included; and which of its own are on their way. */
export interface SlotView {
  owners: { id: string; slots: readonly (readonly [number, number])[] }[];
  open: OpenSlot[];
}

/** How slots are moved where the server carries the keys over (Kvrocks): one command, then all are told. */
export interface SlotMigration {
  migrate(slot: number, id: string): Argv;
  /** Where it is. The answer is read by `state`. */
  progress(): Argv;
  /** null: no slot has been on its way since the server was started, or it does not tell. */
  state(reply: string): { slot: number; state: "start" | "success" | "fail" | string } | null;
  version(): Argv;
  /** The slot is this node's now. @param version one above the server's own */
  setSlot(slot: number, id: string, version: number): Argv;
}

/** A server that can share the key space with others, by a topology that an operator hands to every node. */
export interface ClusterMode {
  /** Configuration that switches it on. */
  readonly config: Readonly<Record<string, string>>;
  setNodeId(id: string): Argv;
  /** The whole topology, as one node should see it, in the words of `setNodes`. */
  topologyText(members: readonly ClusterMember[]): string;
  /** The whole topology, as this one node should see it. Versions must grow. */
  setNodes(members: readonly ClusterMember[], version: number): Argv;
  /** Reads the answer to CLUSTER NODES. */
  view(reply: string): RoleView;
  /** Reads the same answer. */
  slotView(reply: string): SlotView;
  readonly migration: SlotMigration;
}

/** What one server, or one sentinel, says of who is master. Servers are named by the host that they announce. */
export interface RoleView {
  /** Itself, where it says so. */
  self: string | null;
  /** Masters and the slots that are theirs, both ends included; the config epoch tells which of two claims is the newer. */
  masters: readonly { host: string; epoch: number; slots: readonly (readonly [number, number])[] }[];
  /** Replica → whom it follows. */
  replicaOf: Readonly<Record<string, string>>;
  /** It has lost all its slots and follows nobody, and is configured to stay so. */
  staysEmpty?: boolean;
}

/** How a failover is asked for: `force` does not wait for the old master, `takeover` asks nobody at all. */
export type FailoverForce = "force" | "takeover";

/** A server that shares the key space with others, who agree among themselves who is master of what (Redis Cluster). */
export interface GossipMode {
  /** Configuration that switches it on. @param host the one address under which all others are to reach this server */
  config(host: string): Readonly<Record<string, string>>;
  readonly slots: SlotCommands;
  /** Reads the answer to `commands.view`. */
  slotView(reply: string): SlotView;
  /** Where they gossip, from the port that clients dial. */
  readonly busOffset: number;
  readonly commands: {
    myId(): Argv;
    /** Before the first meeting: no two masters may have the same. */
    setEpoch(epoch: number): Argv;
    addSlots(slots: readonly [number, number]): Argv;
    meet(host: string, port: number): Argv;
    replicate(id: string): Argv;
    /** Asks for what `view` reads. */
    view(): Argv;
    /** Asks a master that has lost all its slots for what `staysEmpty` reads. */
    whenEmpty(): Argv;
    /** Is it in working order? The answer is read by `state`. */
    health(): Argv;
    /** Sent to the replica that is to become master. */
    failover(force: FailoverForce | null): Argv;
  };
  view(reply: string): RoleView;
  /** Reads the answer to `whenEmpty`: does it stay a master without slots, instead of following the one that has them? */
  staysEmpty(reply: Reply): boolean;
  /** Reads the answer to `health`. */
  health(reply: string): { ok: boolean; nodes: number };
}

/** Processes beside the servers that watch them and choose the master (Redis Sentinel). */
export interface SentinelMode {
  /** Of sentinels that are another system's program; absent: the servers' own image. */
  readonly image?: string;
  /** The port of a sentinel. */
  readonly port: number;
  /** Configuration keys that are the sentinels' and not the servers' begin so. */
  readonly prefix: string;
  /** A server's configuration, so that sentinels find it under this host. */
  config(host: string): Readonly<Record<string, string>>;
  /** How a sentinel is started. @param config with the prefix @param self the host that it announces */
  launch(config: Readonly<Record<string, string>>, self: string, master: { host: string; port: number }): Launch;
  readonly commands: {
    view(): Argv;
    failover(): Argv;
  };
  view(reply: Reply): RoleView;
  /** Reads the same answer: how many replicas and other sentinels it knows. */
  known(reply: Reply): { replicas: number; sentinels: number };
}

/**
 * The adapter that knows one server: what it is called, how it is started, which words it understands.
 * It holds no connection and no state; others do the talking.
 */
export interface System {
  readonly name: SystemName;
  /** Images to try, in this order, when the user names none. */
  readonly images: readonly string[];
  /** The port clients dial. */
  readonly port: number;
  /** What a replica dials on its master, as offsets from `port`: redis [0], pika [0, 2000, 10001]. */
  readonly portOffsets: readonly number[];
  /** Where the container keeps its data; the harness mounts a labelled volume there. */
  readonly dataDirectory: string;
  /** Name of the server's process inside the container (/proc/pid/comm). */
  readonly processName: string;
  /** For `images wrap` and for making an image from packages of this machine. */
  readonly recipe: ImageRecipe;
  /** Configuration keys (as in the server's own config file) → how to start the container. */
  launch(config: Readonly<Record<string, string>>): Launch;
  readonly commands: {
    flushAll(): Argv;
    flushDb(): Argv;
    promote(): Argv;
    /** `copyAll`: all data instead of what is missing, where the server can be told so. */
    replicateFrom(host: string, port: number, how?: { copyAll?: boolean }): Argv;
    /** Asks for everything `state` reads, but for the version where `version` does. */
    info(): Argv;
    /** Present where `info` leaves the version out; `state` reads it from the answer. */
    version?(): Argv;
  };
  /** Reads the answer to `commands.info()`. Never throws: what is missing is null. */
  state(info: string): NodeState;
  readonly logRules: readonly LogRule[];
  /** Configuration that makes a new replica copy all data instead of catching up, where the server has a say in it. */
  readonly forceFullSync?: Readonly<Record<string, string>>;
  /** Present where the server has a cluster mode that kvchaos drives. */
  readonly cluster?: ClusterMode;
  /** Present where servers form a cluster of their own that agrees who is master. */
  readonly gossip?: GossipMode;
  /** Present where sentinels can choose the master. */
  readonly sentinel?: SentinelMode;
  /** Present where controllers can rule its cluster mode. */
  readonly controller?: ControllerMode;
  /**
   * Present where several threads serve connections, each its own: how to know such a thread (/proc/<pid>/task/<tid>/comm),
   * and the setting (CONFIG GET) that says how many there are.
   */
  readonly workerThreads?: { readonly comm: RegExp; readonly setting: string };
  /** Present where one thread can serve all connections: does it, with this configuration? */
  oneThread?(config: Readonly<Record<string, string>>): boolean;
  /** A replica that attaches breaks off the full sync of those that attached before it: they are set up one after the other. */
  readonly attachesOneByOne?: true;
  /** What `linkDetail` tells of a replica that waits for what has been, or never comes, and does not go on by itself. */
  readonly deadEnd?: RegExp;
  /** Error replies to a change of role that pass when other servers have changed theirs: prefixes, asked again until then. */
  readonly refusedForNow?: readonly string[];
  /** Milliseconds that a graceful stop may take. Default 10 s. */
  readonly stopWithin?: number;
  /**
   * Where one pool of threads serves all connections, a hang eats a thread per question: so many questions on the data path
   * may be without answer at once, and one of each kind besides. Absent: every probe connection asks.
   */
  readonly unansweredAtMost?: number;
  /** To be asked how it is can be what makes it hang: it is asked as often as the experiment says, and never more. */
  readonly watchedGently?: true;
  /**
   * Present where data outlive a graceful stop only with certain settings: for each (CONFIG GET) the value with which they do; one
   * that matches is enough. Absent: they always do.
   */
  readonly keepsDataWith?: Readonly<Record<string, RegExp>>;
  /** Present where SELECT chooses one of several databases: how many there can be, and the setting for so many. */
  readonly databases?: { readonly most: number; config(count: number): Readonly<Record<string, string>> };
  /** Present where AUTH with a token chooses one of several namespaces: how a server is told of them. */
  readonly namespaces?: { config(spaces: readonly KeySpace[]): Readonly<Record<string, string>> };
  /** Deadlines of keys are counted in steps of so many ms, cut off or rounded up. Absent: 1. */
  readonly deadlinesIn?: number;
  /** Commands that no version of it has, of those that loads can use. */
  readonly lacks?: readonly string[];
  /** Commands on data that it has and Redis has not, by what their keys hold: lines as in harness/load/commands/lines.ts. */
  readonly ownCommands?: Readonly<Record<string, string>>;
  /** Error replies that mean "alive, restoring": prefix of the error, e.g. "LOADING". */
  readonly restoringReplies: readonly string[];
}
