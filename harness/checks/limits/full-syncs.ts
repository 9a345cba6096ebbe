import { formatSeconds } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import type { Limits } from "../../journal/limits.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Check, type Judged, resultOf, unknownBecause } from "../check.ts";
import { needsReplica } from "../needs.ts";
import { type FullSync, FullSyncLog } from "./full-sync-log.ts";

const MOST_SHOWN = 20;

/** docs/checks/full-syncs.md says exactly what it promises. */
export const fullSyncs: Check = {
  name: "full-syncs",
  summary:
    "From the beginning of chaos on no replica begins one full sync after the other without ever being linked, or more than `full-syncs` allows.",
  needs: needsReplica,
  notAttached: "full syncs are counted in the servers' logs, which are their owner's",
  check(record) {
    if (!record.view.phase("chaos")) return unknownBecause("the run did not get to its chaos phase");
    const log = new FullSyncLog();
    for (const event of record.events) log.see(event);
    const judged: Judged = { findings: [], unknown: [] };
    for (const node of log.nodes) {
      const over = overLimit(log, node, record.plan?.experiment.limits.fullSyncs ?? null);
      if (over) judge(record, log, { node, ...over }, judged);
    }
    return resultOf(judged);
  },
};

/** Which limit a replica has passed, and when; null: none yet. */
export function overLimit(
  log: FullSyncLog,
  node: string,
  limit: Limits["fullSyncs"],
): { kind: "loop" | "too-many" | "failed"; from: number; what: string } | null {
  const loop = log.loop(node);
  const [first] = loop;
  if (first) {
    const what = `${node} began ${loop.length} full syncs one after the other and was linked with its master after none of them`;
    return { kind: "loop", from: first.from, what: what.replace("none of them", lastLinked(loop)) };
  }
  const all = log.of(node);
  const { most = null, failed = null } = limit ?? {};
  const [tooMany, tooFailed] = [
    most === null ? undefined : all[most],
    failed === null ? undefined : log.failed(node)[failed],
  ];
  if (tooMany && most !== null) {
    return { kind: "too-many", from: tooMany.from, what: `${node} began ${times(all.length)}, and ${allowed(most)}` };
  }
  if (tooFailed && failed !== null) {
    const what = `${times(log.failed(node).length)} of ${node} failed that no fault had broken off, and ${allowed(failed)}`;
    return { kind: "failed", from: tooFailed.to ?? tooFailed.from, what };
  }
  return null;
}

interface Over {
  node: string;
  kind: "loop" | "too-many" | "failed";
  from: number;
  what: string;
}

function judge(record: RunRecord, log: FullSyncLog, over: Over, judged: Judged): void {
  const { node, from } = over;
  const syncs = over.kind === "loop" ? log.loop(node) : log.of(node);
  const last = syncs.at(-1);
  const to = over.kind === "loop" ? (last?.linked ?? null) : (last?.to ?? null);
  const starved = record.view.tooStarved({ from, to: to ?? record.view.watchEnd }, node);
  if (starved === null) judged.findings.push(finding(log, over, syncs, to));
  else judged.unknown.push(`${over.what}, but ${starved} of that time`);
}

function finding(
  log: FullSyncLog,
  { node, kind, from, what }: Over,
  syncs: readonly FullSync[],
  to: number | null,
): Finding {
  const all = log.of(node);
  return {
    type: "full-sync",
    class: kind,
    node,
    from,
    to,
    summary: `${what}.`,
    proof: `Its log: ${syncs.slice(0, MOST_SHOWN).map(told).join("; ")}${syncs.length > MOST_SHOWN ? "; …" : ""}.`,
    evidence: [`evidence/logs/${node}.log`],
    detail: { begun: all.length, failedSyncs: log.failed(node).length, syncs: syncs.map(told) },
  };
}

/** "12.3 s to 15.0 s: failed" */
function told({ from, to, outcome, broken }: FullSync): string {
  const how = outcome === "open" ? "still under way" : outcome === "given-up" ? "begun again before its end" : outcome;
  return `${formatSeconds(from)} to ${to === null ? "the end" : formatSeconds(to)}: ${how}${broken === null ? "" : ` (${broken})`}`;
}

function lastLinked(loop: readonly FullSync[]): string {
  return loop.at(-1)?.linked === null ? "none of them" : "none but the last";
}

function times(count: number): string {
  return count === 1 ? "1 full sync" : `${count} full syncs`;
}

function allowed(limit: number): string {
  return limit === 0 ? "none is allowed" : `${limit} ${limit === 1 ? "is" : "are"} allowed`;
}
