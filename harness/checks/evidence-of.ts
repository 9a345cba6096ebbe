import type { RunRecord } from "../journal/record.ts";

/**
 * What was captured of a node, beginning in a stretch of time: files, the first proof, what
 * the captures say in short, and, where nothing is proved, the lock held by readers that everybody waits for.
 */
export function evidenceOf(record: RunRecord, node: string, from: number, to: number | null) {
  const captured = record.view.captures(node, from, to);
  const core = captured.find(({ data }) => data?.core !== undefined);
  const proof = captured.find((event) => event.proof !== null)?.proof ?? null;
  // glibc does not record who the readers of a rwlock are: a chain of waits that ends there proves nothing (forensics/wait-graph.ts).
  const byReaders = captured.find(({ data }) => data?.graph?.class === "held-by-readers")?.data;
  return {
    files: [...new Set(captured.flatMap((event) => event.files))],
    proof,
    heldByReaders: proof === null ? (byReaders?.found ?? null) : null,
    /** The last lines of its log, of the first capture that has them. */
    lastLines: captured.find(({ data }) => data?.lastLines?.length)?.data?.lastLines ?? [],
    /** What is known of a core that it left; null: nobody looked for one. */
    core: core?.summary ?? null,
    leftCore: core?.data?.core ?? false,
    summaries: captured.map((event) => event.summary),
  };
}
