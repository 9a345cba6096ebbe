import { addTo } from "../../base/group-by.ts";
import { covered, type Span } from "../../base/span.ts";
import { formatDuration } from "../../base/units.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type AdminCommand, adminCommands } from "../../journal/view/admin-commands.ts";
import { holdsFor } from "../../systems/answer-time.ts";
import type { Judged } from "../check.ts";
import { evidenceOf } from "../evidence-of.ts";
import { flagWords } from "./client-flag-words.ts";
import { foretoldHang } from "./foretold.ts";

/*
 *   sent ─────── its own timeout ───────┬──── hang-after ────┬─────────────►  to the end of the run, no answer: unanswered-command
 *        (time held by our own faults    └──── hang-limit ────────► answered  later than that, or after recovery: blocked-command
 *         does not count)
 */

type Sent = EventOf<"admin-command">;

interface Blocked extends AdminCommand {
  from: number;
  /** null: never answered. */
  to: number | null;
  class: "blocked-command" | "unanswered-command";
  /** Without the time in which the node was held by our own faults. */
  ms: number;
  /** The same without the command's own timeout. */
  over: number;
}

/**
 * Commands of faults that a server left without answer for longer than `watchdog.hang-limit` (beyond their own timeout), or that
 * outlived heal and recovery; one that has a timeout of its own or a connection of its own must be answered by the end of the
 * run. One finding per node and kind, about the longest. Time in which our own faults held the node does not count.
 */
export function judgeBlockedCommands(record: RunRecord): Judged {
  const judged: Judged = { findings: [], unknown: [] };
  const worst = new Map<string, Blocked & { count: number }>();
  for (const blocked of lengths(record)) {
    const { node } = blocked.sent;
    const answer = isTooLong(record, blocked);
    if (answer === "unknown") {
      judged.unknown.push(
        `${blocked.sent.command} (${blocked.sent.by}) had no answer from ${node} when the run ended, before recovery was over`,
      );
    }
    if (answer !== true) continue;
    const key = `${blocked.class} ${node}`;
    const known = worst.get(key);
    const count = (known?.count ?? 0) + 1;
    worst.set(key, known && known.over >= blocked.over ? { ...known, count } : { ...blocked, count });
  }
  for (const blocked of worst.values()) {
    const span = { from: blocked.from, to: blocked.to ?? record.view.watchEnd };
    const { command, node } = blocked.sent;
    const starved = record.view.tooStarved(span, node);
    if (starved !== null) judged.unknown.push(`${command} on ${node} looked blocked, but ${starved} of that time`);
    else judged.findings.push(finding(record, blocked));
  }
  return judged;
}

function isTooLong(record: RunRecord, { sent, from, to, over }: Blocked): boolean | "unknown" {
  const { hangLimit: limit = null, hangAfter = 0 } = record.plan?.experiment.watchdog ?? {};
  const deadline = record.view.recoveryEnd;
  if (limit !== null && over > limit) return true;
  const outlived = deadline !== undefined && from < deadline && (to ?? Infinity) >= deadline;
  // Of an administration command on a lasting connection nothing else is known: it had to be answered at once.
  if (sent.expected === undefined) return outlived;
  // A command that was sent just before the end, or whose own timeout was not over, is no hang yet.
  if (over <= hangAfter) return false;
  if (to === null && deadline === undefined) return "unknown";
  return outlived;
}

function finding(record: RunRecord, blocked: Blocked & { count: number }): Finding {
  const { sent, overdue, from, to, ms, count } = blocked;
  const { node, command, by, expected, argv } = sent;
  const { files, proof, summaries } = evidenceOf(record, node, from, to);
  const flags = overdue?.flags ?? null;
  const predicted = proof === null ? null : foretoldHang(record, node, from, to);
  return {
    type: "hang",
    class: blocked.class,
    node,
    from,
    to,
    summary: [
      `${who(blocked)} ${to === null ? `had no answer for ${tenths(ms)}, to the end of the run` : `was blocked for ${tenths(ms)}`}`,
      expected ? `; its own timeout is ${tenths(expected)}` : "",
      ".",
      flags === null || to !== null ? "" : ` Client flags ${flagWords(flags)}.`,
    ].join(""),
    proof,
    evidence: files,
    detail: {
      command,
      by,
      ms: Math.round(ms),
      answered: to !== null,
      commands: count,
      captures: summaries,
      ...(argv === undefined ? {} : { argv }),
      ...(expected === undefined ? {} : { expected }),
      ...(flags === null ? {} : { flags }),
      ...(predicted === null ? {} : { predicted }),
    },
  };
}

function who({ sent, overdue, to }: Blocked): string {
  const { command, by, node, clients } = sent;
  const what = `${command} (${by}) on ${node}`;
  return clients === undefined || to !== null
    ? what
    : `${overdue?.waiting ?? clients} of ${clients} clients in ${what}`;
}

function tenths(ms: number): string {
  return formatDuration(Math.round(ms / 100) * 100);
}

function lengths(record: RunRecord): Blocked[] {
  const end = record.view.watchEnd;
  const commands = adminCommands(record, end);
  const held = heldByUs(record, commands, end);
  return commands
    .filter(({ sent }) => sent.t <= end && sent.expected !== null)
    .map((command) => {
      const { sent } = command;
      const to = command.end?.t ?? death(record, sent);
      const span = { from: sent.t, to: to ?? end };
      const others = (held.get(sent.node) ?? []).filter(({ by }) => by !== sent);
      const ms = span.to - span.from - covered(others, span);
      return {
        ...command,
        from: sent.t,
        to,
        class: to === null && sent.expected !== undefined ? "unanswered-command" : "blocked-command",
        ms,
        over: ms - (sent.expected ?? 0),
      };
    });
}

/** A server that ended answers nobody, whether or not its connections have told us. */
function death(record: RunRecord, { node, t, expected }: Sent): number | null {
  if (expected === undefined) return null;
  return record.ofNode("container", node).find((event) => event.action === "die" && event.t >= t)?.t ?? null;
}

interface Held extends Span {
  /** The command that holds it; absent: a fault that pauses or stops it. */
  by?: Sent;
}

/** When the nodes were paused or down by our faults, or held still by a command that is meant to. */
function heldByUs(record: RunRecord, commands: readonly AdminCommand[], end: number): Map<string, Held[]> {
  const spans = new Map<string, Held[]>();
  for (const [node, periods] of record.view.conditions) {
    for (const { condition, from, to } of periods) {
      if (condition === "paused" || condition === "down") addTo(spans, node, { from, to: to ?? end });
    }
  }
  for (const { sent, end: answer } of commands) {
    const ms = holdsFor(sent.argv ?? []);
    if (ms === 0 || answer?.step === "refused") continue;
    // A sleep is answered when it is over, a pause when it begins.
    const to = sent.expected === 0 ? (answer?.t ?? sent.t) + ms : Math.max(answer?.t ?? 0, sent.t + ms);
    addTo(spans, sent.node, { from: sent.t, to, by: sent });
  }
  return spans;
}
