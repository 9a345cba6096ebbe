import { covered, type Span } from "../../base/span.ts";
import type { JournalEvent, Phase } from "../../journal/events.ts";
import { LIMITED_PHASES, type OwnLimit } from "../../journal/limits.ts";
import { type Sample, Samples, type Subject } from "./samples.ts";

/*
 *   warm-up           │ chaos          heal │ recovery
 *   ●●●●● base        │ ●●●○○○○○●●●    ●    │ ●●●●●       ● holds  ○ does not
 *                        └─ row ─┘ as long as `for`: broken
 */

/** A stretch in which a limit did not hold, at least as long as it allows. Run ms. */
export interface Broken extends Subject {
  from: number;
  /** null: to the last that was measured. */
  to: number | null;
  worst: number;
  /** What it had to be. */
  bound: number;
}

/** How one load, or one node, went. */
interface Course extends Subject {
  base: number[];
  curve: (readonly [t: number, value: number])[];
  /** Of the phase that is open. */
  row: Broken | null;
  rowEnd: number;
  broken: Broken[];
  count: number;
}

/** Rounding: a sample begins where the one before it ended. ms */
const SLACK = 2;

/** Follows one limit: fed with the journal's events, live or afterwards. */
export class LimitCourse {
  readonly limit: OwnLimit;
  readonly #samples: Samples;
  readonly #courses = new Map<string, Course>();
  readonly #starved: Span[] = [];
  #phase: Phase | null = null;
  /** Since when the limit counts without interruption; null: it does not. */
  #counts: number | null = null;
  #counted: number | null = null;

  /** @param allow error kinds that the experiment takes for service */
  constructor(limit: OwnLimit, allow: readonly string[] = []) {
    this.limit = limit;
    this.#samples = new Samples(limit, allow);
  }

  /** What this event has shown to be broken, and was not before; null: nothing. */
  see(event: JournalEvent): Broken | null {
    if (event.type === "phase") this.#enter(event.phase, event.step, event.t);
    if (event.type === "self" && event.starved) {
      this.#starved.push({ from: event.t - Math.max(1000, event.mainDelay, event.probeDelay), to: event.t });
    }
    const sample = this.#samples.see(event);
    if (!sample) return null;
    const course = this.#courseOf(sample);
    if (this.#phase === "warm-up") course.base.push(sample.value);
    if (this.#counts === null || sample.from < this.#counts - SLACK) return null;
    return this.#judge(course, sample);
  }

  /** Whether it ever counted. */
  get counted(): boolean {
    return this.#counted !== null;
  }

  /** Everybody of whom something was measured while it counted. */
  get subjects(): readonly (Subject & { curve: Course["curve"]; broken: readonly Broken[] })[] {
    return [...this.#courses.values()].filter(({ curve }) => curve.length > 0);
  }

  /** Those that have nothing in the warm-up to be measured against. */
  get baseless(): readonly Subject[] {
    return [...this.#courses.values()].filter((course) => course.count > 0 && this.#bound(course) === null);
  }

  /** Which share (0..1) of a stretch the harness was starved. */
  starvedShare(span: Span): number {
    return span.to <= span.from ? 0 : covered(this.#starved, span) / (span.to - span.from);
  }

  #enter(phase: Phase, step: "begin" | "end", t: number): void {
    this.#phase = step === "begin" ? phase : null;
    const counts = step === "begin" && this.limit.phases.some((one) => one === phase);
    if (counts) {
      this.#counted = t;
      this.#counts ??= t;
    } else if (step === "begin" || !this.#continues(phase)) {
      this.#counts = null;
      for (const course of this.#courses.values()) close(course);
    }
  }

  /** The phase after this one counts as well: a row goes on. */
  #continues(phase: Phase): boolean {
    const next = LIMITED_PHASES.find((_, i) => LIMITED_PHASES[i - 1] === phase);
    return next !== undefined && this.limit.phases.includes(next);
  }

  #courseOf({ load, node }: Sample): Course {
    const key = JSON.stringify([load, node]);
    const course = this.#courses.get(key) ?? {
      ...{ load, node, base: [], curve: [], row: null, rowEnd: 0, broken: [], count: 0 },
    };
    this.#courses.set(key, course);
    return course;
  }

  #judge(course: Course, { from, to, value: measured }: Sample): Broken | null {
    const { measure } = this.limit;
    course.count++;
    const value = measure.of === "node" && measure.what === "full-syncs" ? course.count : measured;
    const bound = this.#bound(course);
    const shown = measure.of === "node" && measure.what === "memory-growth" ? this.#growth(course, value) : value;
    if (shown !== null) course.curve.push([to, shown]);
    if (bound === null || shown === null) return null;
    if (holds(shown, this.limit.is, bound)) {
      close(course);
      return null;
    }
    const row = course.row ?? { load: course.load, node: course.node, from, to: null, worst: shown, bound };
    const known = course.broken.includes(row);
    row.worst = this.limit.is.startsWith("<") ? Math.max(row.worst, shown) : Math.min(row.worst, shown);
    course.row = row;
    course.rowEnd = to;
    if (known || to - row.from < this.limit.for) return null;
    course.broken.push(row);
    return row;
  }

  #growth({ base }: Course, value: number): number | null {
    if (base.length === 0) return null;
    const most = Math.max(...base);
    return this.limit.than.kind === "bytes" ? value - most : value / most - 1;
  }

  #bound({ base }: Course): number | null {
    const { than, measure } = this.limit;
    if (measure.of === "node" && measure.what === "memory-growth" && base.length === 0) return null;
    if (than.kind !== "warm-up") return than.value;
    if (base.length === 0) return null;
    const most = measure.of === "node";
    const typical = measure.of === "load" && measure.what === "ops" ? mean(base) : median(base);
    return than.factor * (most ? Math.max(...base) : typical);
  }
}

/** The row has an end. */
function close(course: Course): void {
  if (course.row) course.row.to = course.rowEnd;
  course.row = null;
}

function holds(value: number, is: OwnLimit["is"], bound: number): boolean {
  switch (is) {
    case "<":
      return value < bound;
    case "<=":
      return value <= bound;
    case ">":
      return value > bound;
    case ">=":
      return value >= bound;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
