import { formatTime } from "../base/units.ts";
import { pauseThread, whereText } from "../faults/processes/pause-thread.ts";
import type { EventOf, Finding } from "../journal/events.ts";
import { argvOf } from "../journal/plan.ts";
import type { FaultOccurrence } from "../journal/view/fault-occurrences.ts";
import type { RunSummary } from "./run-summary.ts";

const MOST_ARGV_CHARS = 90;
/** Faults that were on when a finding began. */
const MOST_ON = 6;

/** What a fault did, for a reader who does not know its id: "command DEBUG SLEEP 600 on r1", "pause-thread worker before the lock in Stop on r1". */
export function faultWords({ fault, targets, params }: FaultOccurrence): string {
  const pause = fault === pauseThread.kind ? pauseThread.parameters.planned.safeParse(params).data : undefined;
  const said = pause ? `${pause.thread ?? "any thread"} ${whereText(pause)}` : argvOf(params).join(" ");
  const cut = said.length > MOST_ARGV_CHARS ? `${said.slice(0, MOST_ARGV_CHARS)}…` : said;
  const where = targets.length > 0 ? `on ${targets.join(", ")}` : "";
  return [fault, cut, where].filter((word) => word !== "").join(" ");
}

/** "master-repl paused for 2.4 s (fault hold)" */
export function pauseText({ id, threads, pauses, ms }: EventOf<"thread-pause">): string {
  const who = threads.length === 0 ? "a thread" : threads.join(", ");
  const often = pauses === 1 ? "" : `, ${pauses} times in all`;
  return `${who} paused for ${formatTime(ms)}${often} (fault ${id})`;
}

/** Faults that were on when a finding began, and the last ones before: where a maintainer looks for the cause. */
export function faultsBefore({ faults }: RunSummary, { from }: Finding): string {
  const on = faults.filter((fault) => fault.from !== null && fault.from <= from && (fault.to ?? Infinity) >= from);
  const before = faults.filter((fault) => fault.from !== null && fault.to !== null && fault.to < from);
  const last = before.sort((a, b) => (b.to ?? 0) - (a.to ?? 0)).slice(0, Math.max(0, 3 - on.length));
  const name = (fault: FaultOccurrence) => `${fault.id} (${faultWords(fault)})`;
  // A command has done what it does: of many, the last ones matter.
  const old = new Set(on.filter(({ fault }) => fault === "command").slice(0, Math.max(0, on.length - MOST_ON)));
  const began = on
    .filter((fault) => !old.has(fault))
    .map((fault) => `${name(fault)}, begun ${formatTime(from - (fault.from ?? 0))} before`);
  const ended = last.map((fault) => `${name(fault)}, over ${formatTime(from - (fault.to ?? 0))} before`);
  return [...began.slice(0, MOST_ON), ...ended].join("; ") || "nothing yet";
}
