import { dataCheck } from "./data/data-check.ts";
import { Durability } from "./data/durability.ts";
import { judgeFinals } from "./data/judge-finals.ts";
import { PhantomReads } from "./data/phantom-reads.ts";
import { addWrong, isAboutFlush } from "./data/wrong-values.ts";
import { needsRecorded } from "./needs.ts";
import { asksFor } from "./span.ts";

/** docs/checks/no-lost-writes.md says exactly what it promises. */
export const noLostWrites = dataCheck(
  {
    name: "no-lost-writes",
    summary: "In the end every node holds, of every key, a value that the acknowledged writes and flushes allow.",
    needs: (experiment) => needsRecorded(experiment, "write"),
    nothing: "no recorded write was acknowledged",
  },
  (judging) => (load) => {
    const { record, masters, contradictions, remarks, elsewhere } = judging;
    const { acknowledged, exempt } = new Durability(load, masters).count();
    if (exempt > 0) {
      const why = "their master was replaced or interrupted later, and WAIT did not confirm them on every replica";
      remarks.add(`${load.load}: ${exempt} of ${acknowledged} acknowledged writes were allowed to get lost: ${why}`);
    }
    // One root, one finding: what a flush left behind or took along is flush-order's, where that is asked.
    const flushesElsewhere = asksFor(record, "flush-order");
    const phantoms = new PhantomReads(load, contradictions);
    let left = 0;
    judgeFinals(load, judging, (cell, wrong) => {
      const own = wrong.filter(({ value }) => !(flushesElsewhere && isAboutFlush(value)));
      left += wrong.length - own.length;
      for (const one of own) addWrong(contradictions, load, cell.cell, one, false);
      const isPhantom = own.filter(({ value }) => value.wrong === "never-written" || value.wrong === "failed-write");
      phantoms.judge(
        cell,
        isPhantom.map(({ node }) => node),
      );
    });
    if (left > 0) elsewhere.add(`${load.load}: flush-order tells of ${left} wrong values`);
    return acknowledged;
  },
);
