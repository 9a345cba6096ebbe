import type { Clock } from "../base/clock.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Emit } from "../journal/events.ts";
import type { PlannedParams } from "../journal/plan.ts";
import type { Parameters, WrittenParams } from "./parameters.ts";
import type { LinkPattern } from "./selector.ts";

/** What was measured about a fault: a fault without measured effect makes the run inconclusive. */
export interface Effect {
  measured: boolean;
  /** One line with the numbers: "0 bytes passed r1 -> m1 in 5.0 s (before: 1.2 kB/s)". */
  summary: string;
}

/** Why a fault has a node captured, as the report names it; "core": it has ended as it should, and is told of only if it left one. */
export type CaptureReason = "shutdown-hang" | "dead" | "core" | "unresponsive";

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
  /** What a fault of this run claims the named node to be right now; null: nothing. */
  heldBy(node: string): "paused" | "down" | null;
  /**
   * A thread of the node begins to pause by this fault: who waits for that starts, and silence of the node until the returned function is
   * called is not its own. Its other threads are watched all the time.
   */
  pausing(node: string): () => void;
  note(text: string): void;
  /** Journals what a check or a report must know of this fault beyond its effect. */
  readonly emit: Emit;
  /**
   * Captures what can be known of a node (threads, wait-for graph, stacks, log, core) right now. Bounded; never rejects:
   * what could not be captured is noted.
   */
  capture(node: string, reason: CaptureReason): Promise<void>;
  /** Writes a file into the run's evidence; returns its path below the run's folder. */
  keep(file: string, content: Buffer): Promise<string>;
}

/** An injected fault. */
export interface Injected {
  /** Nodes and links it really touched. */
  targets: readonly string[];
  /** Asked once, right after injecting, or when `effectAt` says. */
  effect(): Promise<Effect>;
  /** "heal": it comes while the fault lasts, and is known when that is about to be healed. */
  effectAt?: "heal";
}

/** One thing that goes wrong: what the user may write, and what is done with it once every choice is made. */
export interface Fault<W = WrittenParams, P = PlannedParams> {
  readonly kind: string;
  /** One line for lists and reports. */
  readonly summary: string;
  /** A lasting fault stays until healed (`for:`); an instant one is over when injected. */
  readonly lasting: boolean;
  readonly parameters: Parameters<W, P>;
  /** It asks the node whose process, machine or paths it harms nothing, so that it can be a helper. Absent: servers only. */
  readonly harmsHelpers?: true;
  /** How long it stays when the experiment gives no `for:`, ms; null or absent: until the heal phase. */
  ownDuration?(params: P): number | null;
  /** How long injecting may take, ms; absent: a minute. */
  injectWithin?(params: P): number;
  /** Bytes of the disk of its own that every node's data must lie on; absent: any disk will do. */
  ownDisk?(params: P): number;
  /** Links whose traffic it can hold up, by what was written or planned; absent: none. */
  holdsUp?(params: W | P): LinkPattern[];
  /** Links that this machine dials for it, to measure it or in it; absent: those that it can hold up. */
  dials?(params: W | P): LinkPattern[];
  /** On servers that kvchaos did not start: "free", or only where the user allows it by name. Absent: it needs a cluster of ours. */
  readonly onAttached?: "free" | "allowed";
  /** A library has to stand between every server and its C library (interpose/). */
  readonly interposes?: true;
  /** Why this machine cannot do it, in one sentence; null, or absent: it can, as far as is known. Asked before anything is started. */
  refusal?(params: P): Promise<string | null>;
  inject(context: FaultContext, params: P): Promise<Injected>;
}

/** Types the parameters of a fault's functions by its description of them. */
export function defineFault<W, P>(fault: Fault<W, P>): Fault<W, P> {
  return fault;
}
