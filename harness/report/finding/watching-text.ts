import { formatRate } from "../../base/units.ts";
import type { RunRecord } from "../../journal/record.ts";

/** Whether the probes of a node lay on all of its worker threads at that moment; null: nobody looked. */
export function coverText(record: RunRecord, node: string | null, until: number): string | null {
  const last = record.ofNode("cover", node).findLast((event) => event.t <= until);
  if (!last) return null;
  const { workers, covered, connections, proof, chance, why } = last;
  const reason = why === null ? "" : `: ${why}`;
  const on = `${connections} probe connections`;
  if (proof === "proc" && covered !== null)
    return `${on} on ${covered} of ${workers ?? "an unknown number of"} worker threads, read from /proc${reason}`;
  const likely = chance === null ? "" : `; all workers are covered with a chance of ${(chance * 100).toFixed(1)} %`;
  return `${on}, argued by numbers${likely}${reason}`;
}

/**
 * How often the watchdog asked each node for its INFO: as the experiment says, and as it came about (a node that answers late is
 * not asked before it has answered). null: a record without a plan.
 */
export function pollingText(record: RunRecord): string | null {
  const poll = record.plan?.experiment.watchdog.poll;
  if (poll === undefined) return null;
  const rates = new Map<string, { sent: number; seconds: number }>();
  for (const { node, kind, sent, seconds } of record.of("probe")) {
    if (kind !== "admin") continue;
    const sum = rates.get(node) ?? { sent: 0, seconds: 0 };
    rates.set(node, { sent: sum.sent + sent, seconds: sum.seconds + seconds });
  }
  const each = [...rates].map(([node, { sent, seconds }]) => `${node} ${(sent / Math.max(seconds, 0.001)).toFixed(1)}`);
  const asked = each.length === 0 ? "" : `; asked per second: ${each.join(", ")}`;
  return `INFO polled at ${formatRate(poll)} per node${asked}`;
}
