import { formatDuration } from "../base/units.ts";
import type { OwnLimit } from "../journal/limits.ts";
import type { Plan } from "../journal/plan.ts";
import type { LiveServer } from "./discover.ts";

export interface WatchSettings {
  /** ms */
  hangAfter: number;
  stallAfter: number;
  interval: number;
  poll: number;
  /** Of each server. */
  connections: number;
  warmUp: number;
  /** Infinity: until it is told to stop. */
  duration: number;
}

/** What a watch does, as a plan: nothing, but for looking. Its journal is a run's, and so are its checks and reports. */
export function watchPlan(
  servers: readonly LiveServer[],
  { hangAfter, stallAfter, interval, poll, connections, warmUp, duration }: WatchSettings,
  own: readonly OwnLimit[],
): Plan {
  const [first] = servers;
  const names = servers.map(({ name }) => name);
  const shown = names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
  const long = Number.isFinite(duration) ? ` for ${formatDuration(duration)}` : "";
  const nothing = { preload: null, fullSync: null, cores: false, locks: false, noise: null, known: [], confirms: null };
  return {
    version: 1,
    seed: "watch",
    experiment: {
      ...{ file: "watch", title: `Watching ${shown}${long}`, description: null, why: null, issue: null, tags: [] },
      ...{ images: {}, systems: [first?.system.name ?? "redis"], cluster: "servers that are there", config: {} },
      ...nothing,
      ...{ load: [], benchmarks: [], warmUp, duration: Number.isFinite(duration) ? duration : 0 },
      // Nothing of ours explains a hang: it is told when it is confirmed.
      watchdog: { hangAfter, hangLimit: hangAfter, slowAfter: null, stallAfter, connections, interval, poll },
      ...{ recovery: { within: 0 }, reconcile: "none", allow: [], expectations: [], losses: null, expectRoles: {} },
      checks: ["no-hang", "watched", ...(own.length > 0 ? ["limits"] : [])],
      limits: { fullSyncs: null, memory: null, ...(own.length > 0 ? { own: [...own] } : {}) },
      ...{ stopOn: "end", expect: null, timeToFinding: null },
    },
    faults: [],
  };
}
