import { dataCheck } from "./data/data-check.ts";
import { allowedLosses, Durability } from "./data/durability.ts";
import { FlushedReads } from "./data/flushed-reads.ts";
import { judgeFinals } from "./data/judge-finals.ts";
import { addWrong, isAboutFlush } from "./data/wrong-values.ts";

/** docs/checks/flush-order.md says exactly what it promises. */
export const flushOrder = dataCheck(
  {
    name: "flush-order",
    summary: "What was acknowledged before a flush is on no node after it; what was written after it is on every node.",
    nothing: "nothing was flushed",
  },
  (judging) => (load) => {
    const { flushes, contradictions, remarks } = judging;
    const all = flushes.shards.flatMap((shard) => shard.all);
    const loose = all.filter(({ lasting }) => !lasting).length;
    if (loose > 0) {
      const why = "not answered, or their master was replaced or interrupted later";
      remarks.add(`${loose} of ${all.length} flushes promise nothing for the end: ${why}`);
    }
    const durability = new Durability(load, judging.masters, allowedLosses(judging.record));
    const reads = new FlushedReads(load, judging);
    judgeFinals(load, judging, durability, (cell, wrong) => {
      const about = wrong.filter(({ value }) => isAboutFlush(value));
      for (const one of about) addWrong(contradictions, load, cell.cell, one, true);
      reads.judge(
        cell,
        about.map(({ node }) => node),
      );
    });
    return all.length;
  },
);
