import type { Span } from "../../base/span.ts";
import { CLEAN_EXITS } from "../../faults/processes/shutdown.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { FaultOccurrence } from "../../journal/view/fault-occurrences.ts";
import { DEADLY } from "../crash/departure.ts";
import type { Term } from "./term.ts";

/**
 * When the master of a term may have lost its state or its role: its process ended, or it said that it is a replica. In
 * order of time, perhaps overlapping.
 */
export function interruptions(record: RunRecord, term: Term): Span[] {
  const { node } = term;
  const end = record.view.watchEnd;
  const faults = record.view.faults.filter(({ fault }) => DEADLY.includes(fault));
  // A clean stop of a server that keeps its data interrupts nothing.
  const clean = cleanStops(record, node);
  const within = (t: number): boolean => clean.some(({ from, to }) => t >= from && t <= to);
  const spans = [
    ...deaths(record, node, faults, within),
    ...endings(faults, node).filter(({ id }) => !clean.some((stop) => stop.id === id)),
    ...otherProcesses(record, node).filter(({ from, to }) => !clean.some((stop) => stop.from <= to && stop.to >= from)),
    ...demotions(record, term),
  ];
  return spans.filter(({ from }) => from <= end).sort((a, b) => a.from - b.from);
}

/** From the request to stop until it is up again. */
function cleanStops(record: RunRecord, node: string): (Span & { id: string })[] {
  return record
    .of("shutdown")
    .filter((stop) => stop.node === node && stop.keepsData && stop.ended !== null)
    .filter(({ exitCode }) => exitCode !== null && CLEAN_EXITS.includes(exitCode))
    .map(({ id, asked }) => {
      const up = record.view.faults.find((one) => one.id === id)?.injected ?? null;
      return { id, from: asked, to: up ?? Infinity };
    });
}

/** To the next start; from the fault that asked for it, for the container's event comes after the fact. */
function deaths(
  record: RunRecord,
  node: string,
  faults: readonly FaultOccurrence[],
  excused: (t: number) => boolean,
): Span[] {
  const events = record.ofNode("container", node);
  return events
    .filter(({ action, t }) => action === "die" && !excused(t))
    .map(({ t, ours }) => {
      const asked = ours ? faults.findLast(({ from }) => from !== null && from <= t) : undefined;
      const start = events.find((one) => one.action === "start" && one.t >= t);
      return { from: asked?.from ?? t, to: start?.t ?? Infinity };
    });
}

function endings(faults: readonly FaultOccurrence[], node: string): (Span & { id: string })[] {
  return faults.flatMap(({ id, targets, from, injected, healed }) =>
    from === null || injected === null || !targets.includes(node) ? [] : [{ id, from, to: healed ?? Infinity }],
  );
}

/** The kernel shows another process than before, or none. */
function otherProcesses(record: RunRecord, node: string): Span[] {
  const samples = record.ofNode("process", node);
  return samples.flatMap((sample, i) => {
    const before = samples[i - 1];
    const same =
      !before || (before.alive === sample.alive && (before.pid ?? sample.pid) === (sample.pid ?? before.pid));
    return same ? [] : [{ from: before.t, to: sample.t }];
  });
}

/** Somebody made it a replica without the operator's topology: from its last word as a master to its next. */
function demotions(record: RunRecord, { node, settled, to }: Term): Span[] {
  const states = record.ofNode("node-state", node);
  return states.flatMap(({ t, state }, i) => {
    if (state.role !== "replica" || t < settled || t >= to) return [];
    const next = states.slice(i).find((one) => one.state.role === "master");
    return [{ from: Math.max(settled, states[i - 1]?.t ?? settled), to: next?.t ?? Infinity }];
  });
}
