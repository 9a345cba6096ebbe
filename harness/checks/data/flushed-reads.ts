import { type LoadHistory, OUTCOME } from "../../journal/history.ts";
import { cellWrites, termReads } from "./cells/cell-reads.ts";
import type { Cell } from "./cells/cells.ts";
import type { DataCheckContext } from "./data-check.ts";
import type { Flush } from "./flushes.ts";
import { flushText, operationText, valuesThat } from "./operation-text.ts";

/**
 * Judges, cell by cell, reads that were sent to a master after it had acknowledged a flush, of a value that was acknowledged
 * before that flush. @param told nodes whose final value has told of it already
 */
export function flushedReads(load: LoadHistory, { masters, flushes, contradictions }: DataCheckContext) {
  const { outcome, invoked, completed, value } = load.operations;
  const writes = cellWrites(load);
  const eachTerm = termReads(load, masters);
  const within = masters.terms.map((term) => {
    const all = flushes.shards[term.shard]?.all ?? [];
    const own = all.filter((one) => one.node === term.node && one.invoked >= term.from && one.acknowledged <= term.to);
    return [term, own] as const;
  });
  const flushesOf = new Map(within);

  /** A flush that began after the write had been acknowledged and was over before the read began. */
  const between = (write: number, read: number, all: readonly Flush[]): Flush | undefined => {
    if (outcome[write] !== OUTCOME.ok) return undefined;
    const [from, to] = [completed[write] as number, invoked[read] as number];
    return all.find((flush) => flush.invoked > from && flush.acknowledged < to);
  };

  const add = (cell: number, node: string, write: number, flush: Flush, read: number): void =>
    contradictions.add(
      { type: "resurrected-key", class: "flushed-value", node },
      (count) => valuesThat(count, "an acknowledged flush had removed", `on ${node} all the same`),
      () => ({
        load,
        cell,
        from: invoked[read] as number,
        to: completed[read] as number,
        found: operationText(load, write),
        expected: "nothing, or a later value",
        proof: `${operationText(load, write)} was acknowledged before ${flushText(flush)}; after it, a client still got ${operationText(load, read)}.`,
        marks: { operations: [write, read], final: [], flushes: [flush.id] },
      }),
    );

  return (cell: Cell, told: readonly string[]): void => {
    writes.begin(cell);
    eachTerm(cell, (term, rows) => {
      const own = flushesOf.get(term) ?? [];
      if (own.length === 0 || told.includes(term.node)) return;
      for (const read of rows) {
        const write = writes.rowOf(value[read] as number);
        const flush = write === -1 ? undefined : between(write, read, own);
        if (!flush) continue;
        add(cell.cell, term.node, write, flush, read);
        return;
      }
    });
  };
}
