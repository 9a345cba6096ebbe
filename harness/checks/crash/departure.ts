import { formatSeconds } from "../../base/units.ts";
import type { RunRecord } from "../../journal/record.ts";
import { signalOf } from "./no-crash.ts";

/** Faults that end a server's process. */
export const DEADLY: readonly string[] = ["kill", "power-loss", "restart", "rolling-upgrade", "shutdown"];

/** A server whose process had ended, and was not started again, when the run stopped looking. */
export interface Departure {
  /** When it ended, run ms. */
  t: number;
  /** The experiment took it away; else it ended by itself. */
  taken: boolean;
  /** "was ended by the fault crash at 12.0 s and not started again" */
  words: string;
}

/** null: it runs, as far as its container and the watchdog tell. */
export function departureOf(record: RunRecord, node: string): Departure | null {
  const end = record.view.watchEnd;
  const container = record
    .ofNode("container", node)
    .findLast((one) => one.t <= end && (one.action === "die" || one.action === "start"));
  if (container?.action === "die") return describe(record, node, container.t, container.ours, container.exitCode);
  const seen = record.ofNode("condition", node).findLast((one) => one.t <= end);
  if (seen?.now !== "dead" && seen?.now !== "down") return null;
  return describe(record, node, seen.since, seen.now === "down", null);
}

function describe(record: RunRecord, node: string, t: number, taken: boolean, exitCode: number | null): Departure {
  const at = formatSeconds(t);
  if (!taken) {
    const signal = signalOf(exitCode);
    const code = exitCode === null ? "" : ` (exit code ${exitCode}${signal ? `, ${signal}` : ""})`;
    return { t, taken, words: `ended by itself at ${at}${code}` };
  }
  const fault = record.view.faults.findLast(
    (one) => one.injected !== null && one.targets.includes(node) && DEADLY.includes(one.fault),
  );
  return {
    t,
    taken,
    words: `was ended by ${fault ? `the fault ${fault.id}` : "a fault"} at ${at} and not started again`,
  };
}
