import { covered, type Span } from "../base/span.ts";
import { formatSeconds } from "../base/units.ts";
import type { NodeReport } from "./observation.ts";

const WINDOW = 3000;
/** The median is worked out this often, ms. */
const EVERY = 500;
const SLOW_FLOOR = 200;
const SLOW_FACTOR = 20;

/** Calibrated bound when the experiment sets none: far above this cluster's own worst, and never below 200 ms. */
export function slowBound(warmUpLatencies: readonly number[]): number {
  const sorted = [...warmUpLatencies].sort((a, b) => a - b);
  return Math.max(SLOW_FLOOR, SLOW_FACTOR * (sorted[Math.floor(sorted.length * 0.99)] ?? 0));
}

/** Does one node answer, but slowly, for long enough to say so? */
export class SlownessRule {
  readonly #hangAfter: number;
  #recent: { at: number; took: number }[] = [];
  #checked = 0;
  #began: number | null = null;
  #median = 0;

  constructor(hangAfter: number) {
    this.#hangAfter = hangAfter;
  }

  reset(): void {
    this.#recent = [];
    this.#began = null;
  }

  /**
   * @param slowAfter null: not calibrated yet, nothing is slow
   * @param floor what was asked before was late because of something else
   */
  observe(
    report: NodeReport,
    t: number,
    slowAfter: number | null,
    starved: readonly Span[],
    floor = 0,
  ): { since: number; why: string } | null {
    for (const { kind, askedAt, answeredAt } of report.answers) {
      if (kind === "established" && askedAt >= floor) this.#recent.push({ at: answeredAt, took: answeredAt - askedAt });
    }
    if (t - this.#checked >= EVERY) {
      this.#checked = t;
      this.#recent = this.#recent.filter(({ at }) => t - at <= WINDOW);
      this.#median = this.#medianOf(report, t, floor);
      if (slowAfter === null || this.#median <= slowAfter) this.#began = null;
      else this.#began ??= t;
    }
    if (this.#began === null || slowAfter === null) return null;
    if (t - this.#began - covered(starved, { from: this.#began, to: t }) < this.#hangAfter) return null;
    return {
      since: this.#began,
      why: `half of the PINGs took longer than ${Math.round(this.#median)} ms for ${formatSeconds(t - this.#began)} (bound ${Math.round(slowAfter)} ms)`,
    };
  }

  /** Unanswered questions count with their age: without them only the quick answers would be seen. */
  #medianOf(report: NodeReport, t: number, floor: number): number {
    const took = this.#recent.map((answer) => answer.took);
    const known = took.length === 0 ? 0 : Math.min(...took);
    for (const { kind, askedAt } of report.connections) {
      const age = askedAt === null ? 0 : t - Math.max(askedAt, floor);
      if (kind === "established" && age > known) took.push(age);
    }
    took.sort((a, b) => a - b);
    return took[Math.floor(took.length / 2)] ?? 0;
  }
}
