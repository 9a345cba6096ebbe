import { type CellShape, type LoadHistory, modelOf } from "../../journal/history.ts";
import type { Losses } from "../../journal/losses.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Check, type CheckResult, unknownBecause } from "../check.ts";
import { evictionsOf } from "./cells/evictions.ts";
import { EARLY_MS } from "./cells/expiries.ts";
import { Contradictions } from "./contradictions.ts";
import { type Flushes, flushesOf } from "./flushes.ts";
import { Masters } from "./masters.ts";

/** More than two looks at two clocks are apart on a busy machine, and less than deadlines are judged by. */
const CLOCK_MS = EARLY_MS / 2;

/** What a check of recorded data works with. */
export interface DataCheckContext {
  record: RunRecord;
  /** As the load sees them that is being judged. */
  masters: Masters;
  flushes: Flushes;
  contradictions: Contradictions;
  /** What could not be judged, and why; each said once. */
  doubts: Set<string>;
  /** What a reader of a pass should know. */
  remarks: Set<string>;
  /** What became of acknowledged writes, by load: of the check that counts them. */
  losses: Losses[];
  /** Broken promises that are another check's findings. */
  elsewhere: Set<string>;
}

/**
 * A check of what some recorded loads did. Without one, or where shards cannot be told apart, it is unknown; of a
 * load whose recording is not whole, too.
 * @param types of the cells of loads that it judges; absent: all whose values replace each other
 * @param needs why it could never answer in an experiment
 * @param nothing what to say when there was nothing to judge
 * @param judge called once per run; what it returns gets every load and says how many things it judged
 */
export function dataCheck(
  {
    name,
    summary,
    types,
    needs,
    nothing,
  }: Required<Pick<Check, "name" | "summary" | "needs">> & { types?: readonly CellShape["type"][]; nothing: string },
  judge: (judging: DataCheckContext) => (load: LoadHistory) => number,
): Check {
  return {
    name,
    summary,
    needs,
    check(record) {
      const judges = (type: CellShape["type"]) => types?.includes(type) ?? modelOf(type) === "value";
      const loads = record.history.filter(({ shape }) => judges(shape.type));
      if (loads.length === 0) return unknownBecause(`no load${types ? " of its kind" : ""} has record: true`);
      const masters = new Masters(record);
      if (masters.shards === 0) return unknownBecause("the journal does not say who was meant to be master");
      if (masters.doubt !== null) return unknownBecause(masters.doubt);
      const flushes = flushesOf(record, masters);
      const judging: DataCheckContext = {
        record,
        masters,
        flushes,
        contradictions: new Contradictions(),
        doubts: new Set(),
        remarks: new Set(),
        losses: [],
        elsewhere: new Set(),
      };
      const judgeLoad = judge(judging);
      let judged = 0;
      for (const load of loads) {
        judging.masters = new Masters(record, load.load);
        if (judging.masters.movedTo.length > 0) tellMove(judging, load.load);
        const evictions = evictionsOf(record, Boolean(load.shape.ttl));
        if (evictions && !mayForget(load)) {
          judging.doubts.add(`${evictions.text}: what is left of ${load.load} is not known`);
          continue;
        }
        if (evictions) judging.remarks.add(`${load.load}: ${evictions.text}: that a value is gone is no finding`);
        const moved = load.shape.ttl ? (load.clockMoved ?? 0) : 0;
        if (moved > CLOCK_MS)
          judging.doubts.add(
            `the machine's clock was set by ${Math.round(moved)} ms: when keys of ${load.load} expire is not known`,
          );
        else if (load.incomplete === null) judged += judgeLoad(load);
        else judging.doubts.add(`the history of ${load.load} is not whole: ${load.incomplete}`);
      }
      if (judged === 0) judging.doubts.add(nothing);
      return resultOf(judging);
    },
  };
}

/** Is each of its keys judged by itself, so that one that was dropped tells nothing of another, or of what comes later? */
function mayForget({ shape }: LoadHistory): boolean {
  return modelOf(shape.type) === "value" && shape.type !== "group";
}

/** A migrated slot takes the load's keys to another shard: what was written before must be there too. */
function tellMove({ masters, flushes, doubts, remarks }: DataCheckContext, load: string): void {
  const way = masters.moves.map(({ slot, from, to }) => `slot ${slot} from ${from} to ${to}`).join(", ");
  remarks.add(`${load}: its keys were moved (${way}); what replicas hold of them is not judged`);
  if (masters.movedTo.some((shard) => (flushes.shards[shard]?.all.length ?? 0) > 0))
    doubts.add(`${load}: its keys were moved (${way}) to a shard that was flushed: what is left of them is not known`);
}

function resultOf({ record, contradictions, doubts, remarks, elsewhere, losses }: DataCheckContext): CheckResult {
  const broken = contradictions.count > 0 || elsewhere.size > 0;
  const valid = broken ? false : doubts.size > 0 ? "unknown" : true;
  const why = [...elsewhere, ...doubts, ...remarks].join("; ") || null;
  const findings = contradictions.findings(record);
  return { valid, why, findings, ...(losses.length > 0 ? { losses } : {}) };
}
