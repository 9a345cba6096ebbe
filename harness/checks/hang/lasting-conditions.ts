import { formatDuration } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { ConditionPeriod } from "../../journal/view/conditions.ts";
import type { Judged } from "../check.ts";
import { evidenceOf } from "../evidence-of.ts";

const LASTING = {
  slow: { type: "slow-recovery", what: "answered slowly" },
  stalled: { type: "stuck-replication", what: "answered, but its replication did not move while its master's did," },
} as const;

/** Nodes that were still in a condition when recovery was over, and for how long they had been, or were. */
export function judgeLasting(record: RunRecord, condition: keyof typeof LASTING): Judged {
  const judged: Judged = { findings: [], unknown: [] };
  const deadline = record.view.recoveryEnd;
  for (const period of [...record.view.conditions.values()].flat()) {
    const { node, from, to } = period;
    if (period.condition !== condition) continue;
    if (deadline === undefined) {
      if (to === null)
        judged.unknown.push(`${node} was ${condition} when the run ended, before it could have recovered`);
      continue;
    }
    if (from > deadline || (to !== null && to <= deadline)) continue;
    const starved = record.view.tooStarved({ from, to: to ?? record.view.watchEnd }, node);
    if (starved !== null) judged.unknown.push(`${node} looked ${condition}, but ${starved} of that time`);
    else judged.findings.push(finding(record, condition, period));
  }
  return judged;
}

function finding(record: RunRecord, condition: keyof typeof LASTING, period: ConditionPeriod): Finding {
  const { node, from, to, why } = period;
  const { type, what } = LASTING[condition];
  const { files, proof, summaries } = evidenceOf(record, node, from, to);
  const ms = (to ?? record.view.watchEnd) - from;
  const length = formatDuration(Math.round(ms / 100) * 100);
  return {
    type,
    class: condition,
    node,
    from,
    to,
    summary: `${node} ${what} for ${length}, also after every fault was healed and recovery was over.`,
    proof,
    evidence: files,
    detail: { why, ms: Math.round(ms), captures: summaries },
  };
}
