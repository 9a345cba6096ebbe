import { Histogram, type Registry } from "prom-client";
import { LATENCY_BOUNDS, type LatencySpread } from "../../journal/events.ts";

interface Series {
  labels: Record<string, string>;
  /** By LATENCY_BOUNDS, not cumulative. */
  counts: number[];
  sumMs: number;
}

/** A histogram in seconds of operations that have been counted elsewhere already. */
export class LatencyHistogram extends Histogram {
  readonly metric: string;
  readonly told: string;
  readonly #series = new Map<string, Series>();

  constructor(metric: string, help: string, labelNames: string[], registry: Registry) {
    super({ name: metric, help, labelNames, registers: [registry], buckets: LATENCY_BOUNDS.map((ms) => ms / 1000) });
    this.metric = metric;
    this.told = help;
  }

  count(labels: Record<string, string>, { counts, sumMs }: LatencySpread): void {
    const key = JSON.stringify(labels);
    const own = this.#series.get(key) ?? { labels, counts: counts.map(() => 0), sumMs: 0 };
    this.#series.set(key, own);
    for (const [i, count] of counts.entries()) own.counts[i] = (own.counts[i] ?? 0) + count;
    own.sumMs += sumMs;
  }

  /** What the registry asks for a page of text. */
  async getForPromString() {
    const values = [...this.#series.values()].flatMap(({ labels, counts, sumMs }) => {
      let count = 0;
      const buckets = counts.map((own, i) => {
        count += own;
        const bound = LATENCY_BOUNDS[i];
        const le = bound === undefined ? "+Inf" : bound / 1000;
        return { metricName: `${this.metric}_bucket`, labels: { ...labels, le }, value: count };
      });
      return [
        ...buckets,
        { metricName: `${this.metric}_sum`, labels, value: sumMs / 1000 },
        { metricName: `${this.metric}_count`, labels, value: count },
      ];
    });
    return { name: this.metric, help: this.told, type: "histogram", values };
  }
}
