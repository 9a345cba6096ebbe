import { formatDuration } from "../base/units.ts";
import type { EventOf, Finding } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import { conditionPeriods } from "./condition-period.ts";
import { evidenceOf } from "./evidence-of.ts";
import type { Judged } from "./hang-rules.ts";
import { endOfWatch, planNumber, recoveryEnd, type Span, STARVED_SHARE, starvedShare } from "./span.ts";

type Sent = EventOf<"admin-command">;

interface Blocked {
  sent: Sent;
  from: number;
  /** null: never answered. */
  to: number | null;
  /** Without the time in which the node was held by our own faults. */
  ms: number;
}

/**
 * Administration commands that a server left without answer for longer than `watchdog.hang-limit`, or that outlived heal
 * and recovery. One finding per node, about the longest. Time in which our own faults held the node does not count.
 */
export function judgeBlockedCommands(record: RunRecord): Judged {
  const judged: Judged = { findings: [], unknown: [] };
  const limit = planNumber(record, "watchdog", "hangLimit");
  const deadline = recoveryEnd(record);
  const worst = new Map<string, Blocked & { count: number }>();
  for (const blocked of lengths(record)) {
    const { node } = blocked.sent;
    const outlived = deadline !== undefined && blocked.from < deadline && (blocked.to ?? Infinity) >= deadline;
    if (!outlived && (limit === null || blocked.ms <= limit)) continue;
    const known = worst.get(node);
    const count = (known?.count ?? 0) + 1;
    worst.set(node, known && known.ms >= blocked.ms ? { ...known, count } : { ...blocked, count });
  }
  for (const blocked of worst.values()) {
    const span = { from: blocked.from, to: blocked.to ?? endOfWatch(record) };
    const starved = starvedShare(record, span, blocked.sent.node);
    if (starved > STARVED_SHARE) {
      const share = `the harness was starved for ${Math.round(starved * 100)} % of that time`;
      judged.unknown.push(`${blocked.sent.command} on ${blocked.sent.node} looked blocked, but ${share}`);
    } else judged.findings.push(finding(record, blocked));
  }
  return judged;
}

function finding(record: RunRecord, { sent, from, to, ms, count }: Blocked & { count: number }): Finding {
  const { node, command, by } = sent;
  const { files, proof, summaries } = evidenceOf(record, node, from, to);
  const length = formatDuration(Math.round(ms / 100) * 100);
  const ended = to === null ? `had no answer for ${length}, to the end of the run` : `was blocked for ${length}`;
  return {
    type: "hang",
    class: "blocked-command",
    node,
    from,
    to,
    summary: `${command} (${by}) on ${node} ${ended}.`,
    proof,
    evidence: files,
    detail: { command, by, ms: Math.round(ms), answered: to !== null, commands: count, captures: summaries },
  };
}

function lengths(record: RunRecord): Blocked[] {
  const end = endOfWatch(record);
  const held = heldByUs(record, end);
  const events = record.of("admin-command").filter(({ t }) => t <= end);
  const answers = new Map(events.filter(({ step }) => step !== "sent").map((event) => [keyOf(event), event]));
  return events
    .filter(({ step }) => step === "sent")
    .map((sent) => {
      const to = answers.get(keyOf(sent))?.t ?? null;
      const span = { from: sent.t, to: to ?? end };
      const ours = (held.get(sent.node) ?? []).reduce((sum, one) => sum + overlap(one, span), 0);
      return { sent, from: sent.t, to, ms: span.to - span.from - ours };
    });
}

const keyOf = ({ node, number }: Sent): string => `${node} ${number}`;

function heldByUs(record: RunRecord, end: number): Map<string, Span[]> {
  const spans = [...conditionPeriods(record)].map(([node, periods]): [string, Span[]] => [
    node,
    periods
      .filter(({ condition }) => condition === "paused" || condition === "down")
      .map(({ from, to }) => ({ from, to: to ?? end })),
  ]);
  return new Map(spans);
}

function overlap(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
}
