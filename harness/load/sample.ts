import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Latency } from "../journal/events.ts";

/** What one thread counted of one load since its last sample. Plain data apart from the histogram, which clones. */
export interface LoadSample {
  load: string;
  ok: number;
  fail: number;
  info: number;
  /**
   * fail: the first word of an error reply, "connect-refused", "connect-failed" (unreachable, closed before AUTH, …),
   * "not-sent"; info: "timeout", "connection-lost". Their sum is fail + info.
   */
  errors: Record<string, number>;
  /** Microseconds, of the operations that ended ok. */
  latency: RecordableHistogram;
  connected: number;
}

/** Same limits everywhere, so that histograms add up without loss: 1 µs .. 1 h, three digits. */
function latencyHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 });
}

export function emptySample(load: string): LoadSample {
  return { load, ok: 0, fail: 0, info: 0, errors: {}, latency: latencyHistogram(), connected: 0 };
}

/** Adds `more` to `sum`. */
export function addSample(sum: LoadSample, more: LoadSample): void {
  sum.ok += more.ok;
  sum.fail += more.fail;
  sum.info += more.info;
  sum.connected += more.connected;
  for (const [error, count] of Object.entries(more.errors)) sum.errors[error] = (sum.errors[error] ?? 0) + count;
  sum.latency.add(more.latency);
}

/** Milliseconds from a histogram of microseconds; null when nothing was recorded. */
export function latencyOf(histogram: RecordableHistogram): Latency | null {
  if (histogram.count === 0) return null;
  const ms = (us: number) => us / 1000;
  return {
    count: histogram.count,
    p50: ms(histogram.percentile(50)),
    p99: ms(histogram.percentile(99)),
    max: ms(histogram.max),
  };
}

/** Counts outcomes until the next sample is taken. */
export class Tally {
  readonly #load: string;
  #sample: LoadSample;

  constructor(load: string) {
    this.#load = load;
    this.#sample = emptySample(load);
  }

  /** @param ms from the intended start to the reply */
  ok(ms: number): void {
    this.#sample.ok++;
    this.#sample.latency.record(Math.max(1, Math.round(ms * 1000)));
  }

  fail(error: string, count = 1): void {
    this.#sample.fail += count;
    this.#error(error, count);
  }

  info(error: "timeout" | "connection-lost", count = 1): void {
    this.#sample.info += count;
    this.#error(error, count);
  }

  take(connected: number): LoadSample {
    const sample = this.#sample;
    this.#sample = emptySample(this.#load);
    sample.connected = connected;
    return sample;
  }

  #error(error: string, count: number): void {
    const { errors } = this.#sample;
    errors[error] = (errors[error] ?? 0) + count;
  }
}
