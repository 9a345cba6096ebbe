import { formatSeconds } from "../../base/units.ts";
import type { EventOf } from "../../journal/events.ts";
import type { Expectation } from "../../journal/expectation.ts";
import type { RunRecord } from "../../journal/record.ts";
import { endOfWatch, phaseSpan, type Span } from "../span.ts";

/** Chaos that was this much shorter than planned was ended by somebody: the user, or `stop-on: first-finding`. ms */
const EARLY_MS = 1_000;

/** A stretch of the run in which something was to come about. */
export interface Window extends Span {
  /** "within 30.0 s of the fault cut#3", "while the fault narrow was there" */
  words: string;
  /** Nodes and links that the fault it is bound to touched. */
  targets: readonly string[];
  /** It ended earlier than it should have, in words; null: it did not. */
  cut: string | null;
}

/** Every window of an expectation, in order of time; or, where there is none, why. */
export function windowsOf(record: RunRecord, { when }: Expectation): { windows: Window[]; why: string | null } {
  if (when.kind === "phase") {
    const phase = phaseSpan(record, when.phase);
    if (!phase) return { windows: [], why: `the run did not get to its ${when.phase} phase` };
    const words = `within ${formatSeconds(when.within)} of the beginning of ${when.phase}`;
    return { windows: [bounded(record, { words, from: phase.from, to: phase.from + when.within }, [])], why: null };
  }
  const occurrences = new Map<string, EventOf<"fault">[]>();
  for (const step of record.of("fault")) {
    if (step.id !== when.of && !step.id.startsWith(`${when.of}#`)) continue;
    occurrences.set(step.id, [...(occurrences.get(step.id) ?? []), step]);
  }
  const windows = [...occurrences.values()].flatMap((steps) => windowOf(record, when, steps) ?? []);
  const why = `the fault ${when.of} was never injected`;
  return { windows: windows.sort((a, b) => a.from - b.from), why: windows.length === 0 ? why : null };
}

/** null: this occurrence was not injected. */
function windowOf(
  record: RunRecord,
  when: Exclude<Expectation["when"], { kind: "phase" }>,
  steps: readonly EventOf<"fault">[],
): Window | null {
  const injected = steps.find(({ step }) => step === "injected");
  if (!injected) return null;
  const { id, targets } = injected;
  // What comes about while it is being injected is its doing already; the time is counted from when it is.
  const from = steps.find(({ step }) => step === "inject")?.t ?? injected.t;
  if (when.kind === "within") {
    const words = `within ${formatSeconds(when.within)} of the fault ${id}`;
    return bounded(record, { words, from, to: injected.t + when.within }, targets);
  }
  const healed = steps.find(({ step }) => step === "heal" || step === "healed" || step === "heal-failed");
  const span = { words: `while the fault ${id} was there`, from, to: healed?.t ?? Number.POSITIVE_INFINITY };
  return bounded(record, span, targets);
}

function bounded(record: RunRecord, window: Span & { words: string }, targets: readonly string[]): Window {
  const end = endOfWatch(record);
  const to = Math.min(window.to, end);
  const cut = window.to > end ? "the run was over before that time was" : endedEarly(record, to);
  return { ...window, to, targets, cut };
}

/** Faults were healed before their time: what would have come about by then, nobody knows. */
function endedEarly(record: RunRecord, to: number): string | null {
  const planned = record.plan?.experiment.duration;
  const chaos = phaseSpan(record, "chaos");
  if (planned === undefined || !chaos || to < chaos.to) return null;
  return chaos.to - chaos.from < planned - EARLY_MS ? "the chaos phase was ended before its time" : null;
}
