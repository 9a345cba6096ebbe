import { LATENCY_BOUNDS, type Latency, type LatencySpread } from "../journal/events.ts";

/*
 * Counts by microseconds, exact below 2048, above in steps of less than a thousandth of the value: 1 µs .. 1 h.
 *
 *   index 0..2047: 1 µs each │ 2048..3071: 2 µs each │ 3072..4095: 4 µs each │ …
 */

const EXACT = 2048;
const STEPS = EXACT / 2;
const MOST_US = 3_600_000_000;

/** How long operations took. Plain data: it is sent between threads, once a second. */
export interface Latencies {
  /** As many as were needed so far. */
  counts: Uint32Array<ArrayBuffer>;
  count: number;
  /** µs */
  max: number;
}

export function noLatencies(): Latencies {
  return { counts: new Uint32Array(EXACT), count: 0, max: 0 };
}

export function recordLatency(to: Latencies, ms: number): void {
  const us = Math.min(MOST_US, Math.max(1, Math.round(ms * 1000)));
  const index = indexOf(us);
  if (index >= to.counts.length) grow(to, index);
  to.counts[index] = (to.counts[index] as number) + 1;
  to.count++;
  if (us > to.max) to.max = us;
}

/** Adds `more` to `sum`. */
export function addLatencies(sum: Latencies, more: Latencies): void {
  if (more.counts.length > sum.counts.length) grow(sum, more.counts.length - 1);
  for (let i = 0; i < more.counts.length; i++) sum.counts[i] = (sum.counts[i] as number) + (more.counts[i] as number);
  sum.count += more.count;
  sum.max = Math.max(sum.max, more.max);
}

/** µs that so many per cent did not exceed; 0 of none. */
export function percentile({ counts, count, max }: Latencies, percent: number): number {
  let left = Math.max(1, Math.ceil((percent / 100) * count));
  for (let i = 0; i < counts.length; i++) {
    left -= counts[i] as number;
    if (left <= 0) return Math.min(max, mostAt(i));
  }
  return max;
}

/** In milliseconds; null when nothing was recorded. */
export function latencyOf(latencies: Latencies): Latency | null {
  const { count, max } = latencies;
  if (count === 0) return null;
  return { count, p50: percentile(latencies, 50) / 1000, p99: percentile(latencies, 99) / 1000, max: max / 1000 };
}

/** The same in few counts, by LATENCY_BOUNDS; null when nothing was recorded. */
export function spreadOf({ counts, count }: Latencies): LatencySpread | null {
  if (count === 0) return null;
  const sums = new Array<number>(LATENCY_BOUNDS.length + 1).fill(0);
  let sumUs = 0;
  let bound = 0;
  for (let i = 0; i < counts.length; i++) {
    const own = counts[i] as number;
    if (own === 0) continue;
    const us = mostAt(i);
    while (bound < LATENCY_BOUNDS.length && us > (LATENCY_BOUNDS[bound] as number) * 1000) bound++;
    sums[bound] = (sums[bound] as number) + own;
    sumUs += own * us;
  }
  return { counts: sums, sumMs: sumUs / 1000 };
}

function grow(latencies: Latencies, index: number): void {
  const counts = new Uint32Array(2 ** (32 - Math.clz32(index)));
  counts.set(latencies.counts);
  latencies.counts = counts;
}

function indexOf(us: number): number {
  if (us < EXACT) return us;
  const shift = 21 - Math.clz32(us);
  return shift * STEPS + (us >>> shift);
}

/** The highest value that is counted at an index. */
function mostAt(index: number): number {
  if (index < EXACT) return index;
  const shift = Math.floor(index / STEPS) - 1;
  return (index - shift * STEPS + 1) * 2 ** shift - 1;
}
