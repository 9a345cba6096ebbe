import type { Phase } from "../events.ts";
import type { EventIndex } from "./event-index.ts";

export interface PhaseSpan {
  phase: Phase;
  from: number;
  /** null: the journal ends inside it. */
  to: number | null;
}

/** Every phase that began, in order. */
export function phaseSpans(journal: EventIndex): PhaseSpan[] {
  const spans: PhaseSpan[] = [];
  for (const { phase, step, t } of journal.of("phase")) {
    const open = spans.findLast((span) => span.phase === phase && span.to === null);
    if (step === "begin") spans.push({ phase, from: t, to: null });
    else if (open) open.to = t;
  }
  return spans;
}
