import type { EventOf } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";

/** Whether the probes of a node lay on all of its worker threads at that moment; null: nobody looked. */
export function coverText(record: RunRecord, node: string | null, until: number): string | null {
  const last = record.ofNode("cover", node).findLast((event) => event.t <= until);
  return last ? sentence(last) : null;
}

function sentence({ workers, covered, connections, proof, chance, why }: EventOf<"cover">): string {
  const reason = why === null ? "" : `: ${why}`;
  const on = `${connections} probe connections`;
  if (proof === "proc" && covered !== null)
    return `${on} on ${covered} of ${workers ?? "an unknown number of"} worker threads, read from /proc${reason}`;
  const likely = chance === null ? "" : `; all workers are covered with a chance of ${(chance * 100).toFixed(1)} %`;
  return `${on}, argued by numbers${likely}${reason}`;
}
