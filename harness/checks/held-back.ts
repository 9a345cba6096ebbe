import { formatDuration } from "../base/units.ts";
import { argvOf, type PlannedParams } from "../journal/plan.ts";
import type { RunRecord } from "../journal/record.ts";

/** A question may have been on its way already. ms */
const BEFORE_MS = 1_000;

/** Where a hang began while a CLIENT PAUSE of this run's own was in force on the node: which one, in words. */
export function heldBack(record: RunRecord, node: string, from: number): string | null {
  for (const { id, targets, params, from: asked, injected: sent } of record.view.faults) {
    const ms = pauseOf(params);
    if (ms === null || asked === null || sent === null || !targets.includes(node)) continue;
    if (from < asked - BEFORE_MS || from > sent + ms) continue;
    return `The fault ${id} had told it to hold its clients back for ${formatDuration(ms)} (CLIENT PAUSE).`;
  }
  return null;
}

/** For how many ms a command is to hold clients back; null: it is another command. */
function pauseOf(params: PlannedParams | null): number | null {
  const [client, pause, ms] = argvOf(params).map((word) => word.toUpperCase());
  return client === "CLIENT" && pause === "PAUSE" && Number(ms) > 0 ? Number(ms) : null;
}
