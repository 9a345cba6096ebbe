import type { z } from "zod";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Drawn } from "../base/units.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { ClusterShape } from "../cluster/shape.ts";
import type { Emit } from "../journal/events.ts";

/** Names an experiment refers to, so that the loader can refuse unknown ones where they are written. */
export interface Mention {
  /**
   * `mode`: the name is that of a way to change roles, and the cluster must be of the kind that has it: "replication" and
   * "setnodes" where the operator says who is master, "cluster-failover" and "sentinel-failover" where servers or sentinels do;
   * "operator" for either of the first, "cluster" for words that only CLUSTERX knows, "slots" where masters share the key space.
   */
  kind: "node" | "link" | "mode" | "load";
  name: string;
  /** Path inside the fault's parameters, for line:column. */
  path: readonly (string | number)[];
}

/** What was measured about a fault: a fault without measured effect makes the run inconclusive. */
export interface Effect {
  measured: boolean;
  /** One line with the numbers: "0 bytes passed r1 -> m1 in 5.0 s (before: 1.2 kB/s)". */
  summary: string;
}

export interface FaultContext {
  /** Plan id of this occurrence ("storm#12"): unique in the run, used to name toxics and sentinel keys. */
  readonly id: string;
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Fires when the run is cancelled. Healing has its own deadlines and does not see it. */
  readonly signal: AbortSignal;
  /** Registers an undo step at once, before or right after the step it undoes: it runs even if `inject` throws later. */
  onHeal(what: string, undo: () => Promise<void>): void;
  /**
   * Notes that the named node is stopped, paused or restarted by us, so that it is no finding. Released when this
   * fault is healed, or by the returned function; a claim `forEver` outlives the heal (a node that is never started again).
   */
  claim(node: string, as: "paused" | "down", forEver?: boolean): () => void;
  note(text: string): void;
  /** Journals what a check or a report must know of this fault beyond its effect. */
  readonly emit: Emit;
  /**
   * Captures what can be known of a node (threads, wait-for graph, stacks, log) right now; `reason` names it in the
   * report. Bounded; never rejects: what could not be captured is noted.
   */
  capture(node: string, reason: string): Promise<void>;
}

/** An injected fault. */
export interface Injected {
  /** Nodes and links it really touched. */
  targets: readonly string[];
  /** Asked once, right after injecting. */
  effect(): Promise<Effect>;
}

/**
 * One thing that goes wrong. `P` is what the user writes (parsed), `R` what is left after every random choice was made.
 * Values of type Range inside P are drawn by the planner; `resolve` makes the choices only the fault understands.
 */
export interface Fault<P = unknown, R = P> {
  readonly kind: string;
  /** One line for lists and reports. */
  readonly summary: string;
  /** A lasting fault stays until healed (`for:`); an instant one is over when injected. */
  readonly lasting: boolean;
  readonly params: z.ZodType<P>;
  /** What `resolve` makes, as a plan file holds it: a damaged or edited plan is refused where it is wrong. */
  readonly resolved?: z.ZodType<R>;
  /** How long it stays when the experiment gives no `for:`, ms; null or absent: until the heal phase. */
  ownDuration?(params: R): number | null;
  /** How long injecting may take, ms; absent: a minute. */
  injectWithin?(params: R): number;
  /** Bytes of the disk of its own that every node's data must lie on; absent: any disk will do. */
  ownDisk?(params: R): number;
  mentions(params: P): Mention[];
  /** Whom an occurrence (counted from 0) makes a master, as written, and where in the parameters; null or absent: nobody. */
  promotes?(params: P, occurrence: number): { node: string; path: readonly (string | number)[] } | null;
  resolve(params: Drawn<P>, random: Random, occurrence: number, shape: ClusterShape): R;
  inject(context: FaultContext, params: R): Promise<Injected>;
}
