import { NO_LIMITS } from "../journal/limits.ts";
import type { Plan, PlannedExperiment, WatchdogSettings } from "../journal/plan.ts";

/** Keys of an experiment, as a plan holds them. */
export type Planned = Partial<Omit<PlannedExperiment, "watchdog">> & { watchdog?: Partial<WatchdogSettings> };

/** The plan of an experiment of which a test says only what it is about. */
export function planOf({ watchdog, ...experiment }: Planned): Plan {
  return {
    version: 1,
    seed: "s",
    experiment: {
      ...{ file: "x.yaml", title: "test", description: null, why: null, issue: null, tags: [], images: {} },
      ...{
        systems: ["redis"],
        cluster: "c.yaml",
        config: {},
        preload: null,
        fullSync: null,
        cores: false,
        locks: false,
        noise: null,
        known: [],
        confirms: null,
      },
      ...{ load: [], benchmarks: [], warmUp: 8_000, duration: 30_000, recovery: { within: 19_000 } },
      watchdog: {
        ...{ hangAfter: 5_000, hangLimit: null, slowAfter: null, stallAfter: 10_000 },
        ...{ connections: 16, interval: 250, poll: 1_000 },
        ...watchdog,
      },
      ...{
        reconcile: "minimal",
        allow: [],
        checks: [],
        expectations: [],
        limits: NO_LIMITS,
        losses: null,
        expectRoles: {},
        stopOn: "end",
      },
      ...{ expect: null, timeToFinding: null },
      ...experiment,
    },
    faults: [],
  };
}
