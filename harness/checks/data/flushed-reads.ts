import { type LoadHistory, OUTCOME } from "../../journal/history.ts";
import { CellWrites, TermReads } from "./cells/cell-reads.ts";
import type { Cell } from "./cells/cells.ts";
import type { DataCheckContext } from "./data-check.ts";
import type { Flush } from "./flushes.ts";
import { flushText, operationText, valuesThat } from "./operation-text.ts";
import type { Term } from "./term.ts";

/** A read, sent to a master after it had acknowledged a flush, of a value that was acknowledged before that flush. */
export class FlushedReads {
  readonly #load: LoadHistory;
  readonly #judging: DataCheckContext;
  readonly #writes: CellWrites;
  readonly #reads: TermReads;
  /** Flushes by term, in order of invocation. */
  readonly #flushes = new Map<Term, readonly Flush[]>();

  constructor(load: LoadHistory, judging: DataCheckContext) {
    this.#load = load;
    this.#judging = judging;
    this.#writes = new CellWrites(load);
    this.#reads = new TermReads(load, judging.masters);
    for (const term of judging.masters.terms) {
      const all = judging.flushes.shards[term.shard]?.all ?? [];
      this.#flushes.set(
        term,
        all.filter((one) => one.node === term.node && one.invoked >= term.from && one.acknowledged <= term.to),
      );
    }
  }

  /** @param told nodes whose final value has told of it already */
  judge(cell: Cell, told: readonly string[]): void {
    this.#writes.begin(cell);
    this.#reads.each(cell, (term, rows) => {
      const flushes = this.#flushes.get(term) ?? [];
      if (flushes.length === 0 || told.includes(term.node)) return;
      for (const read of rows) {
        const write = this.#writes.rowOf(this.#load.operations.value[read] as number);
        const flush = write === -1 ? undefined : this.#between(write, read, flushes);
        if (!flush) continue;
        this.#add(cell.cell, term.node, write, flush, read);
        return;
      }
    });
  }

  /** A flush that began after the write had been acknowledged and was over before the read began. */
  #between(write: number, read: number, flushes: readonly Flush[]): Flush | undefined {
    const { outcome, invoked, completed } = this.#load.operations;
    if (outcome[write] !== OUTCOME.ok) return undefined;
    const [from, to] = [completed[write] as number, invoked[read] as number];
    return flushes.find((flush) => flush.invoked > from && flush.acknowledged < to);
  }

  #add(cell: number, node: string, write: number, flush: Flush, read: number): void {
    const load = this.#load;
    const { invoked, completed } = load.operations;
    this.#judging.contradictions.add(
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
  }
}
