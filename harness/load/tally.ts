import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Latency, Outcomes } from "../journal/events.ts";
import { addError, addOutcomes, NO_OUTCOMES } from "../journal/outcomes.ts";

/**
 * What one thread counted of one load since its last sample. Plain data apart from the histogram, which clones.
 * Errors of fail: the first word of an error reply, "connect-refused", "connect-failed" (unreachable, closed before AUTH, …),
 * "not-sent"; of info: "timeout", "connection-lost". Their sum is fail + info.
 */
export interface LoadSample extends Outcomes {
  load: string;
  /** Microseconds, of the operations that ended ok. */
  latency: RecordableHistogram;
  connected: number;
  /** The same counts by node. */
  nodes: Record<string, Outcomes>;
}

export function emptySample(load: string): LoadSample {
  // Same limits everywhere, so that histograms add up without loss: 1 µs .. 1 h, three digits.
  const latency = createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 });
  return { load, ...NO_OUTCOMES, errors: {}, latency, connected: 0, nodes: {} };
}

/** Adds `more` to `sum`. */
export function addSample(sum: LoadSample, more: LoadSample): void {
  Object.assign(sum, addOutcomes(sum, more));
  sum.connected += more.connected;
  sum.latency.add(more.latency);
  for (const [node, counts] of Object.entries(more.nodes))
    sum.nodes[node] = addOutcomes(sum.nodes[node] ?? NO_OUTCOMES, counts);
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
  /** Each is the same object for ever: connections keep theirs. */
  readonly #nodes = new Map<string, Outcomes>();

  constructor(load: string) {
    this.#load = load;
    this.#sample = emptySample(load);
  }

  /** What is counted of one node. */
  node(name: string): Outcomes {
    const known = this.#nodes.get(name);
    const counts = known ?? { ...NO_OUTCOMES, errors: {} };
    if (!known) this.#nodes.set(name, counts);
    return counts;
  }

  /** @param ms from the intended start to the reply */
  ok(ms: number, node: Outcomes): void {
    this.#sample.ok++;
    node.ok++;
    this.#sample.latency.record(Math.max(1, Math.round(ms * 1000)));
  }

  /** @param node absent: of an operation that was never meant for one */
  fail(error: string, count: number, node?: Outcomes): void {
    this.#error("fail", error, count, node);
  }

  info(error: "timeout" | "connection-lost", count: number, node: Outcomes): void {
    this.#error("info", error, count, node);
  }

  take(connected: number): LoadSample {
    const sample = this.#sample;
    this.#sample = emptySample(this.#load);
    sample.connected = connected;
    for (const [name, counts] of this.#nodes) {
      if (counts.ok + counts.fail + counts.info > 0) sample.nodes[name] = { ...counts };
      Object.assign(counts, NO_OUTCOMES, { errors: {} });
    }
    return sample;
  }

  #error(outcome: "fail" | "info", error: string, count: number, node: Outcomes | undefined): void {
    for (const counts of node ? [this.#sample, node] : [this.#sample]) {
      counts[outcome] += count;
      addError(counts.errors, error, count);
    }
  }
}
