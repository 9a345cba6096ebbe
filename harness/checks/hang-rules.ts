import { formatDuration } from "../base/units.ts";
import type { Finding } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import { conditionPeriods } from "./condition-period.ts";
import { evidenceOf } from "./evidence-of.ts";
import { type HangEpisode, hangEpisodes } from "./hang-episode.ts";
import { endOfWatch, planNumber, recoveryEnd, STARVED_SHARE, starvedShare } from "./span.ts";

/** Findings, and what could have been one if only we had been able to see. */
export interface Judged {
  findings: Finding[];
  unknown: string[];
}

/**
 * Hangs, and nodes left slow or stalled, that are nobody's fault but the server's. What our own faults hold still is
 * `paused` or `down` and never gets here; `dead` is a crash.
 */
export function judgeHangs(record: RunRecord): Judged {
  const judged: Judged = { findings: [], unknown: [] };
  for (const episode of hangEpisodes(record)) judgeHang(record, episode, judged);
  judgeLeftovers(record, judged);
  return judged;
}

function judgeHang(record: RunRecord, episode: HangEpisode, judged: Judged): void {
  const { node, condition, from, to, silent, of } = episode;
  const end = to ?? endOfWatch(record);
  const limit = planNumber(record, "watchdog", "hangLimit");
  const deadline = recoveryEnd(record);
  const tooLong = limit !== null && end - from > limit;
  const outlived = deadline !== undefined && (to === null || to >= deadline);
  if (!tooLong && !outlived) {
    if (to === null && deadline === undefined) {
      judged.unknown.push(`${node} was ${condition} when the run ended, before it could have recovered`);
    }
    return;
  }
  const starved = starvedShare(record, { from, to: end }, node);
  if (starved > STARVED_SHARE) {
    judged.unknown.push(
      `${node} looked ${condition}, but the harness was starved for ${percent(starved)} of that time`,
    );
    return;
  }
  const { files, proof, summaries } = evidenceOf(record, node, from, to);
  const share = silent === null || of === null ? "" : ` (${silent} of ${of} connections silent)`;
  const span = `for ${formatDuration(Math.round((end - from) / 100) * 100)}`;
  const rest = outlived
    ? ", also after every fault was healed"
    : ` and so longer than the limit of ${formatDuration(limit ?? 0)}`;
  judged.findings.push({
    type: "hang",
    class: condition,
    node,
    from,
    to,
    summary: `${node} did not answer${share} ${span}${rest}.`,
    proof,
    evidence: files,
    detail: { why: episode.why, silent, of, outlivedRecovery: outlived, captures: summaries },
  });
}

const LEFTOVERS = {
  slow: { type: "slow-recovery", text: "still answered slowly" },
  stalled: { type: "stuck-replication", text: "answered, but its replication did not move while its master's did," },
} as const;

/** A node that is still slow or stalled when recovery is over. */
function judgeLeftovers(record: RunRecord, judged: Judged): void {
  const deadline = recoveryEnd(record);
  if (deadline === undefined) return;
  for (const period of [...conditionPeriods(record).values()].flat()) {
    const { node, condition, from, to, why } = period;
    if ((condition !== "slow" && condition !== "stalled") || from > deadline || (to !== null && to <= deadline))
      continue;
    const starved = starvedShare(record, { from, to: to ?? endOfWatch(record) }, node);
    if (starved > STARVED_SHARE) {
      judged.unknown.push(
        `${node} looked ${condition}, but the harness was starved for ${percent(starved)} of that time`,
      );
      continue;
    }
    const { files, proof, summaries } = evidenceOf(record, node, from, to);
    judged.findings.push({
      type: LEFTOVERS[condition].type,
      class: condition,
      node,
      from,
      to,
      summary: `${node} ${LEFTOVERS[condition].text} after every fault was healed and recovery was over.`,
      proof,
      evidence: files,
      detail: { why, captures: summaries },
    });
  }
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
