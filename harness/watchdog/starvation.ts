import { joinSpans, type Span } from "../base/span.ts";
import { type NodeReport, type ProbeReport, REPORT_EVERY } from "./observation.ts";

/*
 * Was it us? A silent node is only evidence while the harness itself could hear.
 *
 *   control probe late  (> bound)     ─┐
 *   probe thread late   (> 500 ms)    ─┴─► starved spans [from, to] ─► subtracted from every age on every node
 *   main thread busy    (> 2000 ms)   ───► the second is marked in the journal; ages are not touched
 *
 * The numbers, for a busy machine with 2 cores:
 * - An idle loopback PING takes < 1 ms, and one behind two saturating load threads 5–40 ms. A single late answer below
 *   250 ms is ordinary scheduling, so the bound is never lower.
 * - bound = 3 × p99 of the control in warm-up, at least 250 ms, at most half of hangAfter: above that, a control that
 *   is late without being called late could make a hang by itself.
 * - The probe thread does nothing but probe. 500 ms without a turn means that it got no CPU (or that the machine slept).
 * - Only the probe thread's clock decides about silence; a main thread that is busy for less than 2 s (reading a big
 *   journal, rendering) delays faults and samples, not answers.
 */
const CONTROL_FLOOR = 250;
const CONTROL_FACTOR = 3;
const PROBE_DELAY = 500;
/** What a report waited, which is up to REPORT_EVERY less than the main thread was busy. */
export const MAIN_DELAY = 2000 - REPORT_EVERY;
/** Spans kept; they are merged, so this is many minutes of trouble. */
const SPANS = 500;

/** Collects from each report when the harness was starved. */
export class Starvation {
  readonly #hangAfter: number;
  readonly #controls: ReadonlySet<string>;
  #baseline: number[] | null = null;
  #bound = CONTROL_FLOOR;
  #spans: readonly Span[] = [];
  /** Worst answer since it was last taken, ms; null: none. */
  #max: number | null = null;
  /** Age of the oldest unanswered question, ms. */
  #oldest = 0;

  constructor(hangAfter: number, controls: readonly string[]) {
    this.#hangAfter = hangAfter;
    this.#controls = new Set(controls);
  }

  /** Control answers above this are late, ms. */
  get bound(): number {
    return this.#bound;
  }

  get spans(): readonly Span[] {
    return this.#spans;
  }

  observe(report: ProbeReport): void {
    if (report.loopDelay > PROBE_DELAY) this.#add({ from: report.t - report.loopDelay, to: report.t });
    for (const node of report.nodes) if (this.#controls.has(node.node)) this.#control(node, report.t);
  }

  /** The probe thread is still blocked: it has not reported since `from`. */
  unreported(from: number, to: number): void {
    if (to - from > PROBE_DELAY) this.#add({ from, to });
  }

  /** Begins the baseline. */
  measure(): void {
    this.#baseline = [];
  }

  /** Ends the baseline: from now on the bound is what this machine does when healthy. */
  calibrate(): void {
    const sorted = this.#baseline?.sort((a, b) => a - b) ?? [];
    this.#baseline = null;
    const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    const most = Math.max(CONTROL_FLOOR, this.#hangAfter / 2);
    this.#bound = Math.min(most, Math.max(CONTROL_FLOOR, CONTROL_FACTOR * p99));
  }

  /** Control figures since the last call. */
  takeSecond(): { controlMax: number | null; controlOldest: number } {
    const second = { controlMax: this.#max, controlOldest: this.#oldest };
    this.#max = null;
    return second;
  }

  #control(node: NodeReport, t: number): void {
    for (const { askedAt, answeredAt } of node.answers) {
      const took = answeredAt - askedAt;
      this.#baseline?.push(took);
      this.#max = Math.max(this.#max ?? 0, took);
      if (took > this.#bound) this.#add({ from: askedAt, to: answeredAt });
    }
    let oldest = t;
    for (const { askedAt } of node.connections) if (askedAt !== null) oldest = Math.min(oldest, askedAt);
    this.#oldest = t - oldest;
    if (this.#oldest > this.#bound) this.#add({ from: oldest, to: t });
  }

  #add(span: Span): void {
    this.#spans = joinSpans(this.#spans, [span]).slice(-SPANS);
  }
}
