import { type ExperimentFacts, type Missing, needsRecorded } from "../needs.ts";
import { dataCheck } from "./data-check.ts";
import { durabilityOf } from "./durability.ts";
import { flushedReads } from "./flushed-reads.ts";
import { judgeFinals } from "./judge-finals.ts";
import { addWrong, isAboutFlush } from "./wrong-values.ts";

/** docs/checks/flush-order.md says exactly what it promises. */
export const flushOrder = dataCheck(
  {
    name: "flush-order",
    summary: "What was acknowledged before a flush is on no node after it; what was written after it is on every node.",
    needs: (experiment) => needsRecorded(experiment, "write") ?? needsFlush(experiment),
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
    const durability = durabilityOf(load, judging.masters, judging.record);
    const judgeReads = flushedReads(load, judging);
    judgeFinals(load, judging, durability, (cell, wrong) => {
      const about = wrong.filter(({ value }) => isAboutFlush(value));
      for (const one of about) addWrong(contradictions, load, cell.cell, one, true);
      const told = about.map(({ node }) => node);
      judgeReads(cell, told);
    });
    return all.length;
  },
);

/** A flush of a node that stays a replica is refused or concerns that node alone, which then cannot be judged. */
function needsFlush({ faults, shape }: ExperimentFacts): Missing | null {
  const flushes = faults.filter(({ kind }) => kind === "flushall");
  if (flushes.length === 0) return { what: "judges flushes, and no fault flushes", hint: "add the fault flushall" };
  const { sharded = false, sentinels = [] } = shape;
  const rolesMove = sharded || sentinels.length > 0 || faults.some(({ kind }) => kind === "switch-master");
  const replicas = [...shape.replicas, "replica", "any-replica"];
  if (rolesMove || flushes.some(({ node }) => node === null || !replicas.includes(node))) return null;
  const nodes = flushes.map(({ node }) => node).join(", ");
  return { what: `judges flushes of masters, and only replicas are flushed: ${nodes}`, hint: "node: master" };
}
