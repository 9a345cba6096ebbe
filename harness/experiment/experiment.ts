import type { Range } from "../base/units.ts";
import type { WrittenParams } from "../faults/parameters.ts";
import type { TRIGGER_STATES } from "../journal/expectation.ts";
import type { PlannedExperiment, WatchdogSettings } from "../journal/plan.ts";

/** When a fault starts. Times are milliseconds since the chaos phase began. */
export type Trigger =
  | { kind: "at"; at: Range }
  | { kind: "every"; every: Range; count: number; start: Range }
  | { kind: "after"; after: string; delay: Range }
  | { kind: "when"; when: Condition; delay: Range; count: number };

/** A state of a node, bytes of its full sync, lines of its log, the time since its server was started, or a thread's pause, that start a fault. */
export type Condition =
  | {
      kind: "state";
      node: string;
      state: (typeof TRIGGER_STATES)[number];
      progress: Range | null;
    }
  | { kind: "sync-bytes"; node: string; bytes: Range }
  | { kind: "log"; node: string; pattern: string; nth: number }
  | { kind: "since-start"; node: string; after: Range }
  | { kind: "pause"; fault: string; nth: number };

export interface FaultSpec {
  id: string;
  fault: string;
  trigger: Trigger;
  /** How long a lasting fault stays. null: until the heal phase. */
  duration: Range | null;
  /** Parsed by the fault's own description of them. */
  params: WrittenParams;
}

/** One experiment file, parsed, checked and with every default filled in. */
export interface Experiment extends Omit<PlannedExperiment, "watchdog"> {
  /** `connections` null: as many as the servers need (watchdog/probes/probe-connections.ts). */
  watchdog: Omit<WatchdogSettings, "connections"> & { connections: number | null };
  faults: readonly FaultSpec[];
}

/** How often a fault with this trigger happens. */
export function occurrences(trigger: Trigger): number {
  return trigger.kind === "every" || trigger.kind === "when" ? trigger.count : 1;
}

/** "storm#12" for the twelfth of several; the plain id for a fault that happens once. `index` counts from 0. */
export function occurrenceId(spec: FaultSpec, index: number): string {
  return occurrences(spec.trigger) === 1 ? spec.id : `${spec.id}#${index + 1}`;
}
