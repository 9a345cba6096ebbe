import { formatDuration } from "../base/units.ts";
import type { Finding, NodeCondition } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import type { ConditionPeriod } from "../journal/view/conditions.ts";
import { type Check, type Judged, resultOf, unknownBecause } from "./check.ts";
import { evidenceOf } from "./evidence-of.ts";

/** What each condition of a server that nobody of ours has touched is told as. */
const TOLD: Partial<Record<NodeCondition, { type: Finding["type"]; class: string; what: string }>> = {
  dead: { type: "crash", class: "process-gone", what: "was gone" },
  paused: { type: "hang", class: "stopped", what: "did not answer because somebody held its process stopped" },
  unreachable: { type: "unavailable", class: "unreachable", what: "could not be reached" },
  stalled: {
    type: "stuck-replication",
    class: "stalled",
    what: "answered, but its replication did not move while its master's did,",
  },
};

/** docs/watch.md says exactly what it promises. */
export const watched: Check = {
  name: "watched",
  summary: "While `kvchaos watch` looked, no server was gone, stopped, unreachable, or a replica that stood still.",
  needs: () => ({ what: "judges servers that kvchaos did not start", hint: "it belongs to `kvchaos watch`" }),
  check(record) {
    const watch = record.view.phase("watch");
    if (!watch) return unknownBecause("the watch did not begin");
    const judged: Judged = { findings: [], unknown: [], remarks: [] };
    for (const period of [...record.view.conditions.values()].flat()) judge(record, period, watch.from, judged);
    const never = record.view.nodes.filter(({ name }) => record.view.conditions.get(name) === undefined);
    for (const { name, role } of never) if (role !== "control") judged.unknown.push(`${name} never answered`);
    const changes = record.of("topology").filter(({ t }) => t > watch.from);
    judged.remarks?.push(...changes.map(({ reason }) => reason));
    return resultOf(judged);
  },
};

function judge(record: RunRecord, period: ConditionPeriod, begun: number, judged: Judged): void {
  const { node, condition, from, to, why, silent, of } = period;
  const told = TOLD[condition];
  if (!told) {
    if (condition === "slow") judged.remarks?.push(`${node} answered slowly (${why})`);
    return;
  }
  const end = to ?? record.view.watchEnd;
  if (end < begun) return;
  // That a process is gone, or stopped, the kernel has told: no question of being in time.
  const certain = condition === "dead" || condition === "paused";
  const starved = certain ? null : record.view.tooStarved({ from, to: end }, node);
  if (starved !== null) {
    judged.unknown.push(`${node} looked ${condition}, but ${starved} of that time`);
    return;
  }
  const { files, proof, summaries } = evidenceOf(record, node, from, to);
  const ms = Math.round((end - from) / 100) * 100;
  judged.findings.push({
    type: told.type,
    class: told.class,
    node,
    from,
    to,
    summary: `${node} ${told.what} for ${formatDuration(ms)}${to === null ? ", to the end" : ""}: ${why}.`,
    proof,
    evidence: files,
    detail:
      told.type === "hang"
        ? { why, silent, of, outlivedRecovery: false, captures: summaries }
        : { why, ms, captures: summaries },
  });
}
