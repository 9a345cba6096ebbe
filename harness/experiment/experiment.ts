import type { Range } from "../base/units.ts";
import type { PlannedParams } from "../faults/parameters.ts";
import type { NodeState } from "../journal/events.ts";
import type { Expectation } from "../journal/expectation.ts";
import type { BenchmarkSpec } from "../load/benchmark.ts";
import type { LoadSpec, PreloadSpec } from "../load/load.ts";
import type { SystemName } from "../systems/system.ts";
import type { WatchdogSettings } from "../watchdog/watchdog.ts";

/** When a fault starts. Times are milliseconds since the chaos phase began. */
export type Trigger =
  | { kind: "at"; at: Range }
  | { kind: "every"; every: Range; count: number; start: Range }
  | { kind: "after"; after: string; delay: Range }
  | { kind: "when"; when: Condition; delay: Range; count: number };

/** A state of a node, bytes of its full sync, lines of its log, or the time since its server was started, that start a fault. */
export type Condition =
  | {
      kind: "state";
      node: string;
      state: "master" | "replica" | "link-up" | "link-down" | "full-sync" | "loading";
      progress: Range | null;
    }
  | { kind: "sync-bytes"; node: string; bytes: Range }
  | { kind: "log"; node: string; pattern: string; nth: number }
  | { kind: "since-start"; node: string; after: Range };

export interface FaultSpec {
  id: string;
  fault: string;
  trigger: Trigger;
  /** How long a lasting fault stays. null: until the heal phase. */
  duration: Range | null;
  /** Parsed by the fault's own schema. */
  params: unknown;
}

/** A run must find one of these types. */
export interface ExpectedFinding {
  finding: readonly string[];
  /** Of the only type there is. */
  class: string | null;
  /** The bug does not show in every run: a run without it is no failure, one with another finding is. */
  sometimes: boolean;
}

/** One experiment file, parsed, checked and with every default filled in. */
export interface Experiment {
  /** Absolute path. */
  file: string;
  title: string;
  description: string | null;
  /** In a sentence or two: why it should fail where it does, or what it proves. */
  why: string | null;
  /** Systems it makes sense on. */
  systems: readonly SystemName[];
  issue: string | null;
  tags: readonly string[];
  images: { affected?: string | undefined; fixed?: string | undefined };
  /** Absolute path of the Compose file. */
  cluster: string;
  /** Server configuration per system, merged over the Compose file's. */
  config: Partial<Record<SystemName, Record<string, string>>>;
  preload: PreloadSpec | null;
  /** "force": servers are configured to copy all data, and a run in which no full sync began is inconclusive. */
  fullSync: "force" | null;
  /** A server that dies leaves a core. */
  cores: boolean;
  load: readonly LoadSpec[];
  /** Loads that redis-benchmark makes. */
  benchmarks: readonly BenchmarkSpec[];
  faults: readonly FaultSpec[];
  warmUp: number;
  /** Length of the chaos phase, ms. */
  duration: number;
  watchdog: WatchdogSettings;
  recovery: { within: number };
  /** What the heal phase tells the servers once the faults are healed. */
  reconcile: "minimal" | "operator" | "none";
  /** Error kinds that clients may get to the very end. */
  allow: readonly string[];
  checks: readonly string[];
  /** What must come about on the way. */
  expectations: readonly Expectation[];
  /** Which acknowledged writes may get lost; null: "unconfirmed", what asynchronous replication promises. */
  losses: "none" | "any" | null;
  stopOn: "first-finding" | "end";
  /** What a deliberately broken run must find (controls, known bugs). */
  expect: ExpectedFinding | null;
  /** From the beginning of chaos to that of the finding, typically, ms. */
  timeToFinding: Range | null;
}

/** One occurrence of a fault with every choice made. */
export interface PlannedFault {
  /** "storm#12"; a fault that happens once keeps its plain id. */
  id: string;
  fault: string;
  trigger:
    | { kind: "at"; at: number }
    | { kind: "after"; after: string; delay: number }
    | { kind: "when"; when: PlannedCondition; delay: number };
  duration: number | null;
  params: PlannedParams;
}

export type PlannedCondition =
  | { kind: "state"; node: string; state: Extract<Condition, { kind: "state" }>["state"]; progress: number | null }
  | { kind: "sync-bytes"; node: string; bytes: number }
  /** `nth`: of the matching lines that come while it is waited for, counted from 1. */
  | { kind: "log"; node: string; pattern: string; nth: number }
  /** `after`: ms since its server was last started. */
  | { kind: "since-start"; node: string; after: number };

/** Experiment + seed, resolved. Plain data: the same seed gives the same bytes. */
export interface Plan {
  version: 1;
  seed: string;
  experiment: Omit<Experiment, "faults" | "file" | "cluster"> & { file: string; cluster: string };
  faults: PlannedFault[];
}

/** Does a node's state satisfy a planned condition? Log conditions are matched on log lines instead. */
export type StateMatcher = (condition: Extract<PlannedCondition, { kind: "state" }>, state: NodeState) => boolean;
