import type { Span } from "../../base/span.ts";
import { formatSeconds } from "../../base/units.ts";
import type { Expectation } from "../../journal/expectation.ts";
import { occurrenceOf } from "../../journal/plan.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { FaultOccurrence } from "../../journal/view/fault-occurrences.ts";

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
    const phase = record.view.phase(when.phase);
    if (!phase) return { windows: [], why: `the run did not get to its ${when.phase} phase` };
    const words = `within ${formatSeconds(when.within)} of the beginning of ${when.phase}`;
    return { windows: [bounded(record, { words, from: phase.from, to: phase.from + when.within }, [])], why: null };
  }
  const own = record.view.faults.filter(({ id }) => occurrenceOf(id).fault === when.of);
  const windows = own.flatMap((occurrence) => windowOf(record, when, occurrence) ?? []);
  const why = `the fault ${when.of} was never injected`;
  return { windows: windows.sort((a, b) => a.from - b.from), why: windows.length === 0 ? why : null };
}

/** null: this occurrence was not injected. */
function windowOf(
  record: RunRecord,
  when: Exclude<Expectation["when"], { kind: "phase" }>,
  { id, targets, from, injected, lifted }: FaultOccurrence,
): Window | null {
  // What comes about while it is being injected is its doing already; the time is counted from when it is.
  if (from === null || injected === null) return null;
  if (when.kind === "within") {
    const words = `within ${formatSeconds(when.within)} of the fault ${id}`;
    return bounded(record, { words, from, to: injected + when.within }, targets);
  }
  const span = { words: `while the fault ${id} was there`, from, to: lifted ?? Infinity };
  return bounded(record, span, targets);
}

function bounded(record: RunRecord, window: Span & { words: string }, targets: readonly string[]): Window {
  const end = record.view.watchEnd;
  const to = Math.min(window.to, end);
  const cut = window.to > end ? "the run was over before that time was" : endedEarly(record, to);
  return { ...window, to, targets, cut };
}

/** Faults were healed before their time: what would have come about by then, nobody knows. */
function endedEarly(record: RunRecord, to: number): string | null {
  const planned = record.plan?.experiment.duration;
  const chaos = record.view.phase("chaos");
  if (planned === undefined || !chaos || to < chaos.to) return null;
  return chaos.to - chaos.from < planned - EARLY_MS ? "the chaos phase was ended before its time" : null;
}
