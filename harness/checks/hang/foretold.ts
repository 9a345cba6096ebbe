import type { Predicted } from "../../journal/finding-detail.ts";
import type { RunRecord } from "../../journal/record.ts";

/**
 * What the run was made to bring about, where that is what hangs: a proved cycle of threads that are called like those of the
 * prediction, on its node. null: it is something else, or nobody foretold anything.
 */
export function foretoldHang(record: RunRecord, node: string, from: number, to: number | null): Predicted | null {
  const confirms = record.plan?.experiment.confirms ?? null;
  if (confirms === null || confirms.node !== node) return null;
  const foretold = [...confirms.threads].sort();
  const captures = record
    .of("evidence")
    .filter(({ node: of, t }) => of === node && t >= from && (to === null || t <= to));
  const isIt = captures.some(({ data }) => {
    if (!data?.graph || !data.threads) return false;
    const names = new Map(data.threads.map(({ tid, comm }) => [tid, comm.replace(/\d+/g, "#")]));
    return data.graph.cycles.some((cycle) => {
      const threads = cycle.map((tid) => names.get(tid) ?? "").sort();
      return threads.length === foretold.length && threads.every((name, i) => name === foretold[i]);
    });
  });
  return isIt ? { run: confirms.run, signature: confirms.signature, pause: confirms.pause } : null;
}
