import type { RunRecord } from "../../journal/record.ts";

/** Ids of the experiment's faults of which one had begun by then, in that order. @param t ms of the run */
export function cameBefore(record: RunRecord, t: number): string[] {
  const begun = record.of("fault").filter((event) => event.step === "inject" && event.t <= t);
  // The last time counts: what comes again and again comes late, too.
  const ids = begun.map(({ id }) => id.replace(/#\d+$/, "")).reverse();
  return [...new Set(ids)].reverse();
}
