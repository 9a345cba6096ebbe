import { needsRecorded } from "../needs.ts";
import { expiredReads } from "./cells/expired-reads.ts";
import { Expiries } from "./cells/expiries.ts";
import { dataCheck } from "./data-check.ts";
import { durabilityOf } from "./durability.ts";
import type { WrongValue } from "./final-value.ts";
import { judgeFinals } from "./judge-finals.ts";
import { lostWrites } from "./lost-writes.ts";
import { phantomReads } from "./phantom-reads.ts";
import { addWrong, isAboutFlush } from "./wrong-values.ts";

/** docs/checks/no-lost-writes.md says exactly what it promises. */
export const noLostWrites = dataCheck(
  {
    name: "no-lost-writes",
    summary:
      "In the end every node holds, of every key, a value that the acknowledged writes, flushes and deadlines allow.",
    needs: (experiment) => needsRecorded(experiment, "write"),
    nothing: "no recorded write was acknowledged",
  },
  (judging) => (load) => {
    const { record, masters, flushes, contradictions, remarks, elsewhere, losses } = judging;
    const durability = durabilityOf(load, masters, record);
    const { acknowledged, allowed } = durability.count();
    const gone = lostWrites(load, durability, flushes, new Expiries(load, record));
    // One root, one finding: what a flush left behind or took along is flush-order's, where that is asked.
    const flushesElsewhere = record.view.asksFor("flush-order");
    // So are groups whose keys differ, or hold what was refused: those are all-or-nothing's.
    const tornElsewhere = load.shape.type === "group" && record.view.asksFor("all-or-nothing");
    const judgeReads = phantomReads(load, contradictions);
    const judgeExpired = expiredReads(load, judging);
    let left = 0;
    judgeFinals(load, judging, durability, (cell, wrong, judged) => {
      gone.add(cell, judged);
      const own = wrong.filter(
        ({ value }) => !(flushesElsewhere && isAboutFlush(value)) && !(tornElsewhere && isPhantom(value)),
      );
      left += wrong.filter(({ value }) => flushesElsewhere && isAboutFlush(value)).length;
      for (const one of own) addWrong(contradictions, load, cell.cell, one, false);
      const told = own.filter(({ value }) => isPhantom(value)).map(({ node }) => node);
      if (!tornElsewhere) judgeReads(cell, told);
      judgeExpired(
        cell,
        own.flatMap(({ node, value }) => (value.wrong === "expired" ? node : [])),
      );
    });
    const { lost, excused } = gone.count;
    losses.push({ load: load.load, acknowledged, allowed, lost, excused });
    if (allowed > 0) {
      const really = excused === null ? "no node could be read" : `${excused} really got lost`;
      const why =
        durability.losses === "any"
          ? "the experiment allows any loss"
          : "their master was replaced or interrupted later, and WAIT did not confirm them on every replica";
      const which = `${allowed} of ${acknowledged} acknowledged writes were allowed to get lost`;
      remarks.add(`${load.load}: ${which}: ${why}; ${really}`);
    }
    if (left > 0) elsewhere.add(`${load.load}: flush-order tells of ${left} wrong values`);
    return acknowledged;
  },
);

function isPhantom({ wrong }: WrongValue): boolean {
  return wrong === "never-written" || wrong === "failed-write";
}
