import type { EventOf } from "../journal/events.ts";
import { foundIn } from "../journal/evidence-data.ts";
import type { RunRecord } from "../journal/record.ts";

/**
 * What was captured of a node, beginning in a stretch of time (an event tells the capture's end): files, the first proof, what
 * the captures say in short, and, where nothing is proved, the lock held by readers that everybody waits for.
 */
export function evidenceOf(record: RunRecord, node: string, from: number, to: number | null) {
  const captured = record
    .of("evidence")
    .filter((event) => event.node === node && event.t >= from && (to === null || event.t - event.ms <= to));
  const core = captured.find((event) => coreIn(event) !== null);
  const proof = captured.find((event) => event.proof !== null)?.proof ?? null;
  const readers = proof === null ? captured.find(endsAtReaders) : undefined;
  return {
    files: [...new Set(captured.flatMap((event) => event.files))],
    proof,
    heldByReaders: readers ? foundIn(readers) : null,
    /** The last lines of its log, of the first capture that has them. */
    lastLines:
      captured
        .map(({ data }) => (data && "lastLines" in data ? data.lastLines : []))
        .find((lines) => lines.length > 0) ?? [],
    /** What is known of a core that it left; null: nobody looked for one. */
    core: core?.summary ?? null,
    leftCore: core !== undefined && coreIn(core) === true,
    summaries: captured.map((event) => event.summary),
  };
}

/** glibc does not record who the readers of a rwlock are: a chain of waits that ends there proves nothing (forensics/wait-graph.ts). */
function endsAtReaders({ data }: EventOf<"evidence">): boolean {
  return data && "graph" in data ? data.graph?.class === "held-by-readers" : false;
}

/** Did it leave a core? null: this is not about a core. */
export function coreIn({ data }: EventOf<"evidence">): boolean | null {
  return data && "core" in data ? data.core : null;
}
