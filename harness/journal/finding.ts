import { z } from "zod";
import { findingDetailSchema } from "./finding-detail.ts";

export const FINDING_TYPES = [
  "hang",
  "crash",
  "divergence",
  "lost-write",
  "resurrected-key",
  "phantom-value",
  "stale-read",
  "not-linearizable",
  "wrong-count",
  "torn-write",
  "wrong-delivery",
  "split-brain",
  "stuck-replication",
  "full-sync",
  "slow-recovery",
  "shutdown-hang",
  "unavailable",
  "protocol",
  "memory-growth",
  "limit",
  "unmet-expectation",
  "lock-order",
  "slots",
  "failover",
] as const;

/** One violated expectation. `from`/`to` are run milliseconds; `to` null means it lasted to the end of the run. */
export const findingSchema = z.object({
  type: z.enum(FINDING_TYPES),
  /** Finer kind within the type: deadlocked, blocked, livelocked, unresponsive, partial, oom-killed, exit, crash-log, stalled, two-masters, … */
  class: z.string(),
  node: z.string().nullable(),
  from: z.number(),
  to: z.number().nullable(),
  /** One sentence for a reader who knows the server and not kvchaos. */
  summary: z.string(),
  /** "crash/exit of m1": the finding from which this one follows; absent: it stands for itself. */
  consequenceOf: z.string().optional(),
  /** The sentence that proves it (a wait-for cycle, an exit code, two differing values), or null when it is only observed. */
  proof: z.string().nullable(),
  /** Paths below the run's folder. */
  evidence: z.array(z.string()),
  /** Data for reports: connections that stayed silent, differing keys, … */
  detail: findingDetailSchema,
});
export type Finding = z.infer<typeof findingSchema>;

/** "hang/deadlocked": what kind of finding it is. */
export function kindOf({ type, class: finer }: { type: string; class: string }): string {
  return `${type}/${finer}`;
}
