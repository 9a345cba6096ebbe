import type { Span } from "../../base/span.ts";
import { formatSeconds } from "../../base/units.ts";
import { type Finding, HANGS, type NodeCondition } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { Judged } from "../check.ts";
import { dueWithin, leadingIn, linesAbout, type Reign, type Ruling, reignsIn } from "./decisions.ts";

const GONE: readonly NodeCondition[] = ["dead", "down", "paused", ...HANGS.filter((one) => one !== "partial")];

/**
 * A master that was gone for longer than the controllers' own settings let it be: all that time one and the same controller led, with its
 * store at hand, and a replica was well and could be reached by it.
 */
export function judgeOverdue(record: RunRecord, ruling: Ruling): Required<Judged> {
  const judged: Required<Judged> = { findings: [], unknown: [], remarks: [] };
  const due = dueWithin(ruling);
  const leading = leadingIn(record);
  for (const reign of reignsIn(record)) {
    for (const gone of goneIn(record, reign)) {
      const found = [...leading].flatMap(([by, spans]) =>
        spans.flatMap((span) => {
          const both = { from: Math.max(gone.from, span.from), to: Math.min(gone.to, span.to) };
          if (both.to - both.from <= due) return [];
          const heir = reign.replicas.find((replica) => isFit(record, by, replica, both));
          return heir === undefined ? [] : [{ by, heir, both }];
        }),
      )[0];
      if (!found) continue;
      const starved = record.view.tooStarved(found.both);
      if (starved !== null) judged.unknown.push(`${reign.master} was gone and not replaced, and ${starved} then`);
      else judged.findings.push(finding(record, ruling, reign, gone, found));
    }
  }
  return judged;
}

/** When the master of a shard did not answer at all. */
function goneIn(record: RunRecord, { master, from, to }: Reign): Span[] {
  const spans: Span[] = [];
  for (const period of record.view.conditions.get(master) ?? []) {
    if (!GONE.includes(period.condition)) continue;
    const span = { from: Math.max(from, period.from), to: Math.min(to, period.to ?? record.view.watchEnd) };
    const last = spans.at(-1);
    if (last && last.to >= span.from) last.to = span.to;
    else if (span.to > span.from) spans.push(span);
  }
  return spans;
}

/** A replica was well all that time, and the controller's way to it open. */
function isFit(record: RunRecord, by: string, replica: string, { from, to }: Span): boolean {
  const periods = (record.view.conditions.get(replica) ?? []).filter(
    (period) => period.from < to && (period.to ?? Infinity) > from,
  );
  if (periods.length === 0 || periods.some(({ condition }) => condition !== "healthy")) return false;
  const ways = [replica, `${by} -> ${replica}`];
  return !record.view.faults.some(
    (fault) =>
      fault.from !== null &&
      fault.from < to &&
      (fault.to ?? Infinity) > from &&
      fault.targets.some((one) => ways.includes(one)),
  );
}

function finding(
  record: RunRecord,
  ruling: Ruling,
  { shard, master, version, to }: Reign,
  gone: Span,
  { by, heir, both }: { by: string; heir: string; both: Span },
): Finding {
  const due = formatSeconds(dueWithin(ruling));
  const replaced = to < record.view.watchEnd && gone.to >= to;
  const for_ = formatSeconds(both.to - both.from);
  const how = replaced ? `was replaced only after ${for_}` : `was not replaced in ${for_}`;
  const lines = linesAbout(record, ruling, master, both);
  const word =
    lines.length === 0
      ? `${by} logged nothing of it`
      : `${by} said ${lines.length} times that it does not answer, or why it did nothing`;
  return {
    ...{
      type: "failover",
      class: replaced ? "late" : "missing",
      node: by,
      from: gone.from,
      to: replaced ? to : gone.to,
    },
    summary: `${master} was gone from ${formatSeconds(gone.from)} on and ${how}, although ${by} led with its store at hand and the replica ${heir} was well: by its own settings (${ruling.failures} questions, one each ${formatSeconds(ruling.interval)}) ${due} are more than enough; ${word}.`,
    proof: null,
    evidence: ruling.names.map((name) => `evidence/logs/${name}.log`),
    detail: {
      shard: shard + 1,
      version,
      observed: `${by} led from ${formatSeconds(both.from)} to ${formatSeconds(both.to)} at least; topology ${version}.`,
      lines,
    },
  };
}
