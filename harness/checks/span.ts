import type { Phase } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";

/** A stretch of run time in milliseconds, `from` ≤ `to`. */
export interface Span {
  from: number;
  to: number;
}

/** More of a stretch than this spent starved, and nothing can be concluded from it. */
export const STARVED_SHARE = 0.2;

/** Where a phase was, or undefined when it never began; one that did not end lasts to the end of the record. */
export function phaseSpan(record: RunRecord, phase: Phase): Span | undefined {
  const events = record.of("phase").filter((event) => event.phase === phase);
  const begin = events.find((event) => event.step === "begin");
  if (!begin) return undefined;
  return { from: begin.t, to: events.find((event) => event.step === "end")?.t ?? lastMoment(record) };
}

/** When the run stopped looking: teardown's beginning, or the last event of a run that was cut short. */
export function endOfWatch(record: RunRecord): number {
  return phaseSpan(record, "teardown")?.from ?? lastMoment(record);
}

/**
 * When everything had to be well again: the result of the recovery phase or, when a phase was left without one, its
 * deadline. undefined: the run never got there.
 */
export function recoveryEnd(record: RunRecord): number | undefined {
  const result = record.last("recovery");
  if (result) return result.t;
  const healed = record.of("phase").find((event) => event.phase === "heal" && event.step === "end");
  const within = record.plan?.experiment.recovery.within;
  if (!healed || within === undefined) return undefined;
  return healed.t + within <= endOfWatch(record) ? healed.t + within : undefined;
}

/** Does the experiment list this check? */
export function asksFor(record: RunRecord, check: string): boolean {
  return record.plan?.experiment.checks.includes(check) ?? false;
}

/**
 * When the harness was starved. An event tells of the second before it, or of as long as a thread of ours stood still; starved ones
 * are never merged (journal/thin.ts).
 */
export function starvedSpans(record: RunRecord): Span[] {
  return record
    .of("self")
    .filter(({ starved }) => starved)
    .map(({ t, mainDelay, probeDelay }) => ({ from: t - Math.max(1000, mainDelay, probeDelay), to: t }));
}

/** Which share (0..1) of a stretch the harness, or the watch over this node, was starved. */
export function starvedShare(record: RunRecord, span: Span, node?: string): number {
  const length = span.to - span.from;
  if (length <= 0) return 0;
  const starved = starvedSpans(record);
  if (node !== undefined) {
    const own = record.of("condition").filter((event) => event.node === node);
    own.forEach((event, i) => {
      if (event.now === "starved") starved.push({ from: event.since, to: own[i + 1]?.since ?? lastMoment(record) });
    });
  }
  return covered(starved, span) / length;
}

/** The experiment took this node away for good: it was down by our own fault when the run stopped looking. */
export function leftDown(record: RunRecord, node: string): boolean {
  return record.of("condition").findLast((event) => event.node === node)?.now === "down";
}

/** Nodes that a finding can be about: not the control server, which nobody harms. */
export function isControl(record: RunRecord, node: string): boolean {
  return record.last("cluster")?.nodes.some((one) => one.name === node && one.role === "control") ?? false;
}

/** How much of a stretch the others cover together, ms. */
export function covered(spans: readonly Span[], within: Span): number {
  let sum = 0;
  let end = within.from;
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const from = Math.max(span.from, end);
    const to = Math.min(span.to, within.to);
    if (to > from) {
      sum += to - from;
      end = to;
    }
  }
  return sum;
}

function lastMoment(record: RunRecord): number {
  return record.end;
}
