import type { ImageRecipe } from "../docker/image-recipe.ts";
import type { NodeState } from "../journal/events.ts";

export const SYSTEM_NAMES = ["kvrocks", "pika", "redis"] as const;
export type SystemName = (typeof SYSTEM_NAMES)[number];

/** One command: name and arguments. */
export type Argv = readonly string[];

/** How one node's container is started: appended to, or merged with, what the Compose file says. */
export interface Launch {
  command: string[];
  environment: Record<string, string>;
}

/**
 * A regular expression over one server log line, and what a match means. Named groups become the event's fields;
 * `full-sync-progress` has groups `done` and `total` where the line tells them; without `done`, `file` is one that begins.
 */
export interface LogRule {
  name: string;
  pattern: RegExp;
  meaning:
    | "crash"
    | "full-sync-start"
    | "full-sync-progress"
    | "restoring"
    | "full-sync-done"
    | "full-sync-failed"
    | "full-sync-ended"
    | "other";
}

/** One node of a cluster as one server is told of it. */
export interface ClusterMember {
  id: string;
  host: string;
  port: number;
  /** The id of its master, or null for a master. */
  master: string | null;
  /** The slots of a master, both ends included. */
  slots: readonly [number, number] | null;
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
  /**
   * Present where several threads serve connections, each its own: how to know such a thread (/proc/<pid>/task/<tid>/comm),
   * and the setting (CONFIG GET) that says how many there are.
   */
  readonly workerThreads?: { readonly comm: RegExp; readonly setting: string };
  /** Error replies to a change of role that pass when other servers have changed theirs: prefixes, asked again until then. */
  readonly refusedForNow?: readonly string[];
  /** Milliseconds that a graceful stop may take. Default 10 s. */
  readonly stopWithin?: number;
  /**
   * Where one pool of threads serves all connections, a hang eats a thread per question: so many questions on the data path
   * may be without answer at once, and one of each kind besides. Absent: every probe connection asks.
   */
  readonly unansweredAtMost?: number;
  /**
   * Present where data outlive a graceful stop only with certain settings: for each (CONFIG GET) the value with which they do; one
   * that matches is enough. Absent: they always do.
   */
  readonly keepsDataWith?: Readonly<Record<string, RegExp>>;
  /** No version of it knows WAIT. */
  readonly withoutWait?: true;
  /** Error replies that mean "alive, restoring": prefix of the error, e.g. "LOADING". */
  readonly restoringReplies: readonly string[];
}
