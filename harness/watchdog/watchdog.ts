import type { Clock } from "../base/clock.ts";
import type { Span } from "../base/span.ts";
import type { Emit, EventOf, NodeCondition, NodeState } from "../journal/events.ts";
import type { WatchdogSettings } from "../journal/plan.ts";
import type { Login } from "../resp/login.ts";
import type { System } from "../systems/system.ts";

/*
 *   probe thread ── sockets ──► node (direct)          main thread
 *        │ answers, ages, loop delay                        │ /proc of the server, container state, own faults, PSI
 *        └───────────────► classifier (pure) ◄──────────────┘
 *                              │ condition per node
 *                              ▼
 *                    Emit + onCondition (the run captures evidence, decides to stop)
 */

/** Milliseconds between two INFO polls of one node unless an experiment says otherwise. */
export const DEFAULT_POLL = 1000;

export interface WatchedNode {
  name: string;
  /** What it is asked with, and how its answers are read. */
  system: System;
  role: "master" | "replica" | "control" | "sentinel" | "helper";
  host: string;
  port: number;
  /** What its keys must begin with (cluster mode). */
  keyTag?: string;
  /** The server's process on this host, or null when unknown or gone. */
  pid(): number | null;
  /** What the engine says of the container right now. */
  container(): { running: boolean; paused: boolean; exitCode: number | null };
  /** It is not ours: what its host and its network do is not known. */
  outside?: {
    /** Else its keys may be another node's (cluster mode): no GET. */
    reads: boolean;
    /** A key of ours may be written to it. */
    writes: boolean;
  };
  /** Non-null while one of our own faults holds the node stopped. */
  claimed(): "paused" | "down" | null;
  /** When our own debugger held its process stopped, run milliseconds. */
  examined?(): readonly Span[];
  /** Name of the node it should replicate from, or null for a master. */
  master(): string | null;
}

export interface NodeVerdict extends Pick<EventOf<"condition">, "node" | "since" | "why"> {
  condition: NodeCondition;
}

export interface WatchdogOptions {
  nodes: readonly WatchedNode[];
  settings: WatchdogSettings;
  clock: Clock;
  emit: Emit;
  login?: Login | undefined;
  signal: AbortSignal;
  /** Runs beside this one, at this moment. */
  others?: (() => number) | undefined;
  /** A node's condition changed (already emitted). */
  onCondition(verdict: NodeVerdict): void;
  /** Every INFO poll, parsed (already emitted). */
  onState(node: string, state: NodeState): void;
}

/** A running watchdog. */
export interface RunningWatchdog {
  verdict(node: string): NodeVerdict;
  state(node: string): NodeState | undefined;
  /**
   * Opens probe connections until every worker thread of every multi-threaded server has one, and journals a `cover` event
   * per node. Bounded; never rejects: what could not be had is in the event. Repeats itself when connections were lost.
   */
  cover(): Promise<void>;
  /** Begins the baseline phase. */
  measure(): void;
  /** Ends the baseline phase: what was measured until now is what this machine and cluster do when healthy. */
  calibrated(): void;
  /** Stops the write probes, so that data and offsets stand still to be compared; everything else goes on. */
  quiesce(): void;
  stop(): Promise<void>;
}
