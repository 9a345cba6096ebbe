import { formatDuration, formatRate } from "../../base/units.ts";
import { argvOf, type PlannedParams } from "../../journal/plan.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { ConditionPeriod } from "../../journal/view/conditions.ts";
import { DEFAULT_POLL } from "../../watchdog/watchdog.ts";
import { type Check, type Judged, resultOf, unknownBecause } from "../check.ts";
import { evidenceOf } from "../evidence-of.ts";
import { bytesBefore } from "../sent-bytes.ts";
import { judgeBlockedCommands } from "./blocked-commands.ts";
import { foretoldHang } from "./foretold.ts";
import { hangEpisodes } from "./hang-episode.ts";
import { judgeLasting } from "./lasting-conditions.ts";
import { judgeSilenced } from "./silenced-by-bytes.ts";
import { stillAnswering } from "./still-answering.ts";

/** A question may have been on its way already. ms */
const BEFORE_MS = 1_000;

export const noHang: Check = {
  name: "no-hang",
  summary:
    "No node stops answering, leaves a command of a fault without answer, or stays slow, beyond heal and recovery or the experiment's limit.",
  check(record) {
    if (record.of("condition").length === 0) return unknownBecause("the watchdog said nothing of any node");
    return resultOf(together(judgeHangs(record), judgeBlockedCommands(record)));
  },
};

/**
 * Hangs, and nodes left slow, that are nobody's fault but the server's. What our own faults hold still is
 * `paused` or `down` and never gets here; `dead` is a crash.
 */
export function judgeHangs(record: RunRecord): Judged {
  const judged: Judged = { findings: [], unknown: [] };
  for (const episode of hangEpisodes(record)) judgeHang(record, episode, judged);
  return together(together(judged, judgeSilenced(record, judged)), judgeLasting(record, "slow"));
}

function together(a: Judged, b: Judged): Judged {
  return { findings: [...a.findings, ...b.findings], unknown: [...a.unknown, ...b.unknown] };
}

function judgeHang(record: RunRecord, episode: ConditionPeriod, judged: Judged): void {
  const { node, condition, from, to, silent, of } = episode;
  const end = to ?? record.view.watchEnd;
  const limit = record.plan?.experiment.watchdog.hangLimit ?? null;
  const deadline = record.view.recoveryEnd;
  // A watch heals nothing: what has been confirmed and has not ended is one, however short a time was left to see it.
  const lasts = to === null && record.view.phase("watch") !== undefined;
  const tooLong = limit !== null && (lasts || end - from > limit);
  const outlived = deadline !== undefined && (to === null || to >= deadline);
  // Nothing of ours was done to it, and the run was ended because of it (run/server-trouble.ts).
  const early = to === null && record.view.phase("setup") !== undefined && record.view.phase("chaos") === undefined;
  if (!tooLong && !outlived && !early) {
    if (to === null && deadline === undefined) {
      judged.unknown.push(`${node} was ${condition} when the run ended, before it could have recovered`);
    }
    return;
  }
  const starved = record.view.tooStarved({ from, to: end }, node);
  if (starved !== null) {
    judged.unknown.push(`${node} looked ${condition}, but ${starved} of that time`);
    return;
  }
  const { files, proof, heldByReaders, summaries } = evidenceOf(record, node, from, to);
  const predicted = proof === null ? null : foretoldHang(record, node, from, to);
  const answering = stillAnswering(record, node, from, to);
  const bytes = bytesBefore(record, node, from, "silent");
  const held = condition === "unresponsive" ? heldBack(record, node, from) : null;
  const share = silent === null || of === null ? "" : ` (${silent} of ${of} connections silent)`;
  const span = `for ${formatDuration(Math.round((end - from) / 100) * 100)}`;
  const rest = early
    ? ", before the first fault"
    : outlived
      ? ", also after every fault was healed"
      : ` and so longer than the limit of ${formatDuration(limit ?? 0)}`;
  judged.findings.push({
    type: "hang",
    class: hangClass(episode, proof),
    node,
    from,
    to,
    summary: [
      `${node} did not answer${share} ${span}${rest}.`,
      ...(to === null ? [] : [howItEnded(record, from, to)]),
      ...(held === null ? [] : [held]),
      ...(bytes === null ? [] : [bytes.text]),
      ...(answering === null ? [] : [answering.text]),
      ...(heldByReaders === null ? [] : [`Held by readers, so not proved: ${heldByReaders}.`]),
      ...watchedClosely(record),
    ].join(" "),
    proof,
    evidence: [...files, ...(bytes?.files ?? [])],
    detail: {
      why: episode.why,
      silent,
      of,
      outlivedRecovery: outlived,
      captures: summaries,
      ...(answering === null ? {} : { answering }),
      ...(heldByReaders === null ? {} : { waits: "held-by-readers" }),
      ...(predicted === null ? {} : { predicted }),
    },
  });
}

/**
 * Nothing but a cycle of waits says that a hang would never end: one without CPU time that did end was a block. The watchdog
 * cannot know that while it lasts, and calls it deadlocked; nor that threads which wake up again and again do so in a cycle.
 */
function hangClass({ condition, to }: ConditionPeriod, proof: string | null): string {
  if (condition === "unresponsive" && proof !== null) return "deadlocked";
  return condition === "deadlocked" && to !== null && proof === null ? "blocked" : condition;
}

/** "It went on by itself."; or what had been healed shortly before, of what was wrong when it began. */
function howItEnded(record: RunRecord, from: number, to: number): string {
  const healed = record.view.faults
    .filter(({ injected }) => injected !== null && injected <= from)
    .flatMap(({ id, healed: t }) => (t !== null && t > from && t <= to ? [{ id, t }] : []))
    .sort((a, b) => a.t - b.t)
    .at(-1);
  if (!healed) return "It went on by itself.";
  return `It went on ${formatDuration(Math.round((to - healed.t) / 100) * 100)} after ${healed.id} was healed.`;
}

/** Watching can be the fault: an experiment that polls INFO more often than the default says so in what it finds. */
function watchedClosely(record: RunRecord): string[] {
  const { poll = DEFAULT_POLL } = record.plan?.experiment.watchdog ?? {};
  return poll >= DEFAULT_POLL ? [] : [`INFO was polled at ${formatRate(poll)} on every node.`];
}

/** Where a hang began while a CLIENT PAUSE of this run's own was in force on the node: which one, in words. */
function heldBack(record: RunRecord, node: string, from: number): string | null {
  for (const { id, targets, params, from: asked, injected: sent } of record.view.faults) {
    const ms = pauseOf(params);
    if (ms === null || asked === null || sent === null || !targets.includes(node)) continue;
    if (from < asked - BEFORE_MS || from > sent + ms) continue;
    return `The fault ${id} had told it to hold its clients back for ${formatDuration(ms)} (CLIENT PAUSE).`;
  }
  return null;
}

/** For how many ms a command is to hold clients back; null: it is another command. */
function pauseOf(params: PlannedParams | null): number | null {
  const [client, pause, ms] = argvOf(params).map((word) => word.toUpperCase());
  return client === "CLIENT" && pause === "PAUSE" && Number(ms) > 0 ? Number(ms) : null;
}
