import { covered, type Span } from "../../base/span.ts";
import type { EventOf, Phase } from "../events.ts";
import { type Ruler, rulerOf } from "../ruler.ts";
import { type ConditionPeriod, conditionPeriods } from "./conditions.ts";
import type { EventIndex } from "./event-index.ts";
import { type FaultOccurrence, faultOccurrences } from "./fault-occurrences.ts";
import { type Foreseen, foreseenIn } from "./foreseen.ts";

export interface PhaseSpan {
  phase: Phase;
  from: number;
  /** null: the journal ends inside it. */
  to: number | null;
}

/** More of a stretch than this spent starved, and nothing can be concluded from it. */
const MOST_STARVED = 0.2;

/*
 *   events of a journal ─► RunView ─► checks, reports, repro.sh, tables of the command line
 *
 * What all of them ask of a run, worked out in one place and once for each record, when it is first asked for.
 */
export class RunView {
  readonly #journal: EventIndex;
  #phases: readonly PhaseSpan[] | undefined;
  #conditions: ReadonlyMap<string, readonly ConditionPeriod[]> | undefined;
  #faults: readonly FaultOccurrence[] | undefined;
  #starved: readonly Span[] | undefined;
  #foreseen: Foreseen | null | undefined;

  constructor(journal: EventIndex) {
    this.#journal = journal;
  }

  /** Every phase that began, in order. */
  get phases(): readonly PhaseSpan[] {
    this.#phases ??= phaseSpans(this.#journal);
    return this.#phases;
  }

  /** Where a phase was, or undefined when it never began; one that did not end lasts to the end of the record. */
  phase(name: Phase): Span | undefined {
    const span = this.phases.find(({ phase }) => phase === name);
    return span && { from: span.from, to: span.to ?? this.#journal.end };
  }

  /** When the run stopped looking: teardown's beginning, or the last event of a run that was cut short. */
  get watchEnd(): number {
    return this.phase("teardown")?.from ?? this.#journal.end;
  }

  /**
   * When everything had to be well again: the result of the recovery phase or, when a phase was left without one, its
   * deadline. undefined: the run never got there.
   */
  get recoveryEnd(): number | undefined {
    const result = this.#journal.last("recovery");
    if (result) return result.t;
    const healed = this.phases.find(({ phase }) => phase === "heal")?.to ?? null;
    const within = this.#journal.plan?.experiment.recovery.within;
    if (healed === null || within === undefined) return undefined;
    return healed + within <= this.watchEnd ? healed + within : undefined;
  }

  /** Does the experiment list this check? */
  asksFor(check: string): boolean {
    return this.#journal.plan?.experiment.checks.includes(check) ?? false;
  }

  /** Every occurrence of every fault. */
  get faults(): readonly FaultOccurrence[] {
    this.#faults ??= faultOccurrences(this.#journal);
    return this.#faults;
  }

  /** Every node's conditions in order, without the control server and without what teardown did. */
  get conditions(): ReadonlyMap<string, readonly ConditionPeriod[]> {
    const periods = () => conditionPeriods(this.#journal, this.watchEnd);
    this.#conditions ??= new Map([...periods()].filter(([node]) => !this.isControl(node)));
    return this.#conditions;
  }

  /** The experiment took this node away for good: it was down by our own fault when the run stopped looking. */
  leftDown(node: string): boolean {
    return this.#journal.ofNode("condition", node).at(-1)?.now === "down";
  }

  /**
   * When the harness was starved. An event tells of the second before it, or of as long as a thread of ours stood still; starved ones
   * are never merged (journal/thin.ts).
   */
  get starved(): readonly Span[] {
    this.#starved ??= this.#journal
      .of("self")
      .filter(({ starved }) => starved)
      .map(({ t, mainDelay, probeDelay }) => ({ from: t - Math.max(1000, mainDelay, probeDelay), to: t }));
    return this.#starved;
  }

  /** Which share (0..1) of a stretch the harness, or the watch over this node, was starved. */
  starvedShare(span: Span, node?: string): number {
    const length = span.to - span.from;
    if (length <= 0) return 0;
    const periods = node === undefined ? [] : (this.conditions.get(node) ?? []);
    const blind = periods.filter(({ condition }) => condition === "starved");
    const own = blind.map(({ from, to }) => ({ from, to: to ?? this.#journal.end }));
    return covered([...this.starved, ...own], span) / length;
  }

  /**
   * "the harness was starved for 34 %", where it, or its watch over this node, was starved for so much of a stretch that nothing can be
   * concluded from it; null: it was not.
   */
  tooStarved(span: Span, node?: string): string | null {
    const share = this.starvedShare(span, node);
    return share > MOST_STARVED ? `the harness was starved for ${Math.round(share * 100)} %` : null;
  }

  /** Deadlocks that did not happen; null: nobody asked for the servers' locks. */
  get foreseen(): Foreseen | null {
    if (this.#foreseen === undefined) this.#foreseen = foreseenIn(this.#journal);
    return this.#foreseen;
  }

  get nodes(): EventOf<"cluster">["nodes"] {
    return this.#journal.last("cluster")?.nodes ?? [];
  }

  /** The server that nobody harms: no finding is about it. */
  isControl(node: string): boolean {
    return this.nodes.some(({ name, role }) => name === node && role === "control");
  }

  get ruler(): Ruler {
    return rulerOf(this.#journal.last("cluster"));
  }

  /** Who should replicate from whom at a time, and before the first word on it as that has it; undefined: nobody said. */
  topologyAt(t: number): EventOf<"topology"> | undefined {
    const all = this.#journal.of("topology");
    return all.findLast((one) => one.t <= t) ?? all[0];
  }

  /** Whom each replica should follow in the end. */
  get replicaOf(): Readonly<Record<string, string>> {
    return this.#journal.last("topology")?.replicaOf ?? {};
  }

  /** What a node last said of itself until then. */
  stateAt(node: string, t: number): EventOf<"node-state"> | undefined {
    return this.#journal.ofNode("node-state", node).findLast((one) => one.t <= t);
  }

  /** What was captured of a node, beginning in a stretch of time: an event tells the capture's end. @param to null: to the end */
  captures(node: string | null, from: number, to: number | null): EventOf<"evidence">[] {
    const own = this.#journal.ofNode("evidence", node);
    return own.filter(({ t, ms }) => t >= from && (to === null || t - ms <= to));
  }
}

/** Every phase that began, in order. */
function phaseSpans(journal: EventIndex): PhaseSpan[] {
  const spans: PhaseSpan[] = [];
  for (const { phase, step, t } of journal.of("phase")) {
    const open = spans.findLast((span) => span.phase === phase && span.to === null);
    if (step === "begin") spans.push({ phase, from: t, to: null });
    else if (open) open.to = t;
  }
  return spans;
}
