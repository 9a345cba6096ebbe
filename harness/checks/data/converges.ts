import { countEach } from "../../base/count-each.ts";
import { addTo } from "../../base/group-by.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import type { WrongCell } from "../../journal/finding-detail.ts";
import type { RunRecord } from "../../journal/record.ts";
import { workloads } from "../../load/workloads/registry.ts";
import { type Check, type Judged, resultOf } from "../check.ts";
import { leftOut } from "../left-out.ts";
import { needsReplica } from "../needs.ts";
import { divergentCells } from "./cells/divergent-cells.ts";

/** docs/checks/converges.md says exactly what it promises. */
export const converges: Check = {
  name: "converges",
  summary:
    "After load has stopped and replication has drained, every replica holds exactly its master's keys and values.",
  needs: needsReplica,
  check(record) {
    const last = new Map<string, EventOf<"comparison">>();
    // What was read before heal, load went on beside: it is there to be looked at.
    for (const event of record.of("comparison")) if (event.before === undefined) last.set(event.replica, event);
    const judged: Judged = { findings: [], unknown: [] };
    const remarks: string[] = [];
    for (const [replica, comparison] of last) {
      const { complete, moved, notComparable, different } = comparison;
      // But for single keys it may have come to the end: the others' differences count.
      const toTheEnd = complete || notComparable !== undefined;
      if (toTheEnd && different > 0) {
        const finding = divergence(record, comparison);
        const doubt = cannotTell(record, comparison);
        if (doubt === null) judged.findings.push(finding);
        else judged.unknown.push(`${finding.summary} But ${doubt}`);
      }
      if (moved !== undefined) {
        const keys = moved === 1 ? "1 key was" : `${moved} keys were`;
        remarks.push(`${keys} not compared on ${replica}: the experiment gave their slot to another master`);
      }
      if (complete) continue;
      const what = toTheEnd ? "could not be compared wholly" : "could not be compared";
      const soFar = !toTheEnd && different > 0 ? `, ${different} differences until then` : "";
      const why = comparison.why ?? "no reason given";
      judged.unknown.push(`${replica} ${what} with ${comparison.master}: ${why}${soFar}`);
    }
    const away: string[] = [];
    const alone = new Map<string, string[]>();
    for (const [replica, master] of Object.entries(record.view.replicaOf)) {
      if (last.has(replica)) continue;
      if (record.view.leftDown(replica)) away.push(replica);
      else if (record.view.leftDown(master)) addTo(alone, master, replica);
      else judged.unknown.push(`${replica} was not compared with its master`);
    }
    remarks.push(...leftOut(away));
    for (const [master, replicas] of alone) {
      remarks.push(`${replicas.join(" and ")} had nobody to be equal to: the experiment took ${master} down for good`);
    }
    if (last.size === 0 && judged.unknown.length === 0) {
      const had = Object.keys(record.first("topology")?.replicaOf ?? {});
      const has = Object.keys(record.view.replicaOf);
      if (had.length > 0 && has.length === 0)
        remarks.push(`${had.join(" and ")} replicated from nobody any more: so the experiment left it`);
      if (remarks.length === 0) judged.unknown.push("no replica was compared with its master");
      else remarks.push("nothing was left to compare");
    }
    return resultOf({ ...judged, remarks });
  },
};

const CLASS_OF = {
  "missing-on-replica": "missing-keys",
  "extra-on-replica": "extra-keys",
  type: "different-values",
  value: "different-values",
} as const;

function divergence(record: RunRecord, comparison: EventOf<"comparison">): Finding {
  const { master, replica, different, differences, masterKeys, replicaKeys } = comparison;
  const counts = [...countEach(differences.map(({ kind }) => CLASS_OF[kind]))];
  const [kind] = counts.sort((a, b) => b[1] - a[1])[0] ?? ["different-values"];
  const first = differences[0];
  const apart = apartFrom(record, comparison);
  const cells = divergentCells(record, comparison);
  const proof =
    first &&
    `Key ${first.key}: ${master} has ${first.master ?? "no such key"}, ${replica} has ${first.replica ?? "no such key"}.${whoWrites(record, first.key)}`;
  return {
    type: "divergence",
    class: kind,
    node: replica,
    from: comparison.t,
    to: null,
    summary: `${replica}${apart === null ? "" : `, which ${apart},`} differs from ${apart === null ? `its master ${master}` : master} in ${different} ${different === 1 ? "key" : "keys"} (${masterKeys} keys against ${replicaKeys}) after load had stopped.`,
    proof: proof ?? null,
    evidence: [],
    detail: {
      ...{ master, different, count: different, masterKeys, replicaKeys, differences, ...lifeOfFirst(cells) },
      ...(apart === null ? {} : { apart }),
    },
  };
}

/** A sentence on the load whose key it is, and what that load does; "": it is nobody's, or a preloaded one. */
function whoWrites(record: RunRecord, shown: string): string {
  const key = shown.replace(/^\{[^}]*\}/, "");
  const load = record.plan?.experiment.load.find(({ keyPrefix }) => keyPrefix !== "" && key.startsWith(keyPrefix));
  const does = load && workloads.get(load.workload)?.summary;
  return does === undefined ? "" : ` It is a key of the load ${load?.name}: ${does}.`;
}

/** A replica that had not got to its master's end yet, on a machine that was too busy to blame it: it may still have got there. */
function cannotTell(record: RunRecord, comparison: EventOf<"comparison">): string | null {
  if (apartFrom(record, comparison) === null && !isBehind(record, comparison)) return null;
  const starved = record.view.tooStarved({ from: record.view.phase("heal")?.to ?? 0, to: comparison.t });
  return starved === null ? null : `${starved} of the time since heal`;
}

/** Why the replica had no way to its master's data when it was compared; null: it had. */
function apartFrom(record: RunRecord, { replica, t }: EventOf<"comparison">): string | null {
  const state = record.view.stateAt(replica, t)?.state;
  if (state?.role !== "replica") return null;
  if (state.loading || state.syncing) return state.loading ? "is still loading its dataset" : "is still in full sync";
  if (state.link !== "down") return null;
  return `is not linked with its master${state.linkDetail ? ` ${state.linkDetail}` : ""}`;
}

function isBehind(record: RunRecord, { master, replica, t }: EventOf<"comparison">): boolean {
  const produced = record.view.stateAt(master, t)?.state.offset ?? null;
  const applied = record.view.stateAt(replica, t)?.state.offset ?? null;
  return produced !== null && applied !== null && applied < produced;
}

/** Where a recorded load wrote the differing keys: which of its cells differ, and how the first came to that. */
function lifeOfFirst(cells: WrongCell[]) {
  const [first] = cells;
  return first ? { key: first.key, element: first.element, life: first.life ?? [], cells } : {};
}
