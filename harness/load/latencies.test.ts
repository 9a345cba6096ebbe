import assert from "node:assert/strict";
import fc from "fast-check";
import { LATENCY_BOUNDS } from "../journal/events.ts";
import {
  addLatencies,
  type Latencies,
  latencyOf,
  noLatencies,
  percentile,
  recordLatency,
  spreadOf,
} from "./latencies.ts";

function of(us: readonly number[]): Latencies {
  const latencies = noLatencies();
  for (const one of us) recordLatency(latencies, one / 1000);
  return latencies;
}

/** Short ones and long ones, as they are: many, over seven orders of magnitude. */
const some = fc.array(
  fc.integer({ min: 0, max: 31 }).chain((bits) => fc.integer({ min: 1, max: 2 ** bits })),
  { minLength: 1, maxLength: 200 },
);

describe("latencies", () => {
  it("give percentiles that are at most a thousandth too high, and never too low", () => {
    fc.assert(
      fc.property(some, fc.double({ min: 0, max: 100, noNaN: true }), (us, percent) => {
        const sorted = us.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil((percent / 100) * us.length)) - 1] as number;
        const told = percentile(of(us), percent);
        assert.ok(told >= exact && told <= exact * 1.001, `${told} for ${exact}`);
      }),
    );
  });

  it("add up without loss, also after they were sent between threads", () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        const sum = of(a);
        addLatencies(sum, structuredClone(of(b)));
        assert.deepEqual(sum, of([...a, ...b]));
      }),
      { numRuns: 20 },
    );
  });

  it("are null of nothing; none is below a microsecond, and none above an hour", () => {
    assert.equal(latencyOf(noLatencies()), null);
    assert.deepEqual(latencyOf(of([0])), { count: 1, p50: 0.001, p99: 0.001, max: 0.001 });
    assert.deepEqual(latencyOf(of([1e12])), { count: 1, p50: 3_600_000, p99: 3_600_000, max: 3_600_000 });
    assert.deepEqual(latencyOf(of([1000, 2000, 50_000])), { count: 3, p50: 2, p99: 50, max: 50 });
  });

  it("are told in few counts by fixed bounds, with their sum", () => {
    const latencies = noLatencies();
    assert.equal(spreadOf(latencies), null);
    for (const ms of [0.1, 0.25, 0.26, 10, 12_000]) recordLatency(latencies, ms);
    const { counts, sumMs } = spreadOf(latencies) as NonNullable<ReturnType<typeof spreadOf>>;
    assert.equal(counts.length, LATENCY_BOUNDS.length + 1);
    assert.deepEqual([counts[0], counts[1], counts.at(-1)], [2, 1, 1]);
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      5,
    );
    assert.ok(Math.abs(sumMs - 12_010.61) < 13, `${sumMs}`);
  });
});
