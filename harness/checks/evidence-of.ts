import type { RunRecord } from "../journal/record.ts";

/** What was captured of a node, beginning in a stretch of time (an event tells the capture's end): files, the first proof, and what the captures say in short. */
export function evidenceOf(record: RunRecord, node: string, from: number, to: number | null) {
  const captured = record
    .of("evidence")
    .filter((event) => event.node === node && event.t >= from && (to === null || event.t - event.ms <= to));
  return {
    files: [...new Set(captured.flatMap((event) => event.files))],
    proof: captured.find((event) => event.proof !== null)?.proof ?? null,
    summaries: captured.map((event) => event.summary),
  };
}
