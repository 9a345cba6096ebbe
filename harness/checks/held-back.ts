import { formatDuration } from "../base/units.ts";
import { argvOf, type PlannedParams } from "../journal/plan.ts";
import type { RunRecord } from "../journal/record.ts";

/** A question may have been on its way already. ms */
const BEFORE_MS = 1_000;

/** Where a hang began while a CLIENT PAUSE of this run's own was in force on the node: which one, in words. */
export function heldBack(record: RunRecord, node: string, from: number): string | null {
  const faults = record.of("fault");
  for (const { id, step, t, params } of faults) {
    const ms = step === "inject" ? pauseOf(params) : null;
    const sent =
      ms !== null && faults.find((one) => one.id === id && one.step === "injected" && one.targets.includes(node));
    if (!sent || from < t - BEFORE_MS || from > sent.t + ms) continue;
    return `The fault ${id} had told it to hold its clients back for ${formatDuration(ms)} (CLIENT PAUSE).`;
  }
  return null;
}

/** For how many ms a command is to hold clients back; null: it is another command. */
function pauseOf(params: PlannedParams | undefined): number | null {
  const [client, pause, ms] = argvOf(params).map((word) => word.toUpperCase());
  return client === "CLIENT" && pause === "PAUSE" && Number(ms) > 0 ? Number(ms) : null;
}
