import assert from "node:assert/strict";
import fc from "fast-check";
import type { JournalEvent } from "../../journal/events.ts";
import type { OperationRow } from "../../testing/build-history.support.ts";
import { flush, lateWrite, type RecordedRun, read, recorded, write } from "../../testing/history-fixture.support.ts";
import { event } from "../../testing/record-fixture.support.ts";
import { perKeyOrder } from "./per-key-order.ts";

const check = (run: RecordedRun) => perKeyOrder.check(recorded(run));

/** As the page of this check says it, pair by pair. */
function goesBack(operations: readonly OperationRow[], flushes: readonly { from: number; to: number }[]): boolean {
  const reads = operations.filter(({ kind }) => kind === "read");
  const writes = operations.filter(({ kind }) => kind === "write");
  const writeOf = (value: number) => writes.find((one) => one.value === value);
  const end = ({ outcome, completed }: OperationRow) => (outcome === "ok" ? (completed ?? Infinity) : Infinity);
  const removals = [
    ...writes.filter(({ value }) => value === 0).map((one) => ({ from: one.invoked, to: end(one) })),
    ...flushes,
  ];
  return reads.some((earlier) => {
    const seen = earlier.value === 0 ? undefined : writeOf(earlier.value);
    return reads.some((later) => {
      if (!seen || (earlier.completed ?? 0) >= later.invoked) return false;
      if (later.value === 0) {
        return !removals.some(({ from, to }) => from <= (later.completed ?? 0) && to >= seen.invoked);
      }
      const shown = writeOf(later.value);
      return shown !== undefined && end(shown) < seen.invoked;
    });
  });
}

describe("per-key-order", () => {
  const [one, two] = [write(1, 12, 13), write(2, 14, 15)];

  it("is green when reads go forward", () => {
    const operations = [one, read(1, 13.5, 13.6), two, read(2, 16, 17), read(2, 18, 19)];
    assert.deepEqual(check({ operations }), { valid: true, why: null, findings: [] });
  });

  it("finds a read that saw an older value than one before it", () => {
    const { findings } = check({ operations: [one, two, read(2, 16, 17), read(1, 18, 19)] });
    const [finding] = findings;
    assert.deepEqual([finding?.type, finding?.class, finding?.node], ["stale-read", "went-back", "m1"]);
    assert.deepEqual([finding?.from, finding?.to], [18_000, 19_000]);
    assert.match(finding?.proof ?? "", /the write of v2 .* was seen by v2 \(read from m1, 16.*after that, v1 \(read/);
  });

  it("finds a read that saw nothing although nothing had removed the value", () => {
    const gone = [one, read(1, 14, 15), read(0, 16, 17)];
    assert.equal(check({ operations: gone }).findings.length, 1);
    assert.equal(check({ operations: gone, events: [flush(15, 15.5)] }).valid, true);
    assert.equal(check({ operations: gone, events: [flush(17.5, 18)] }).findings.length, 1);
    assert.equal(check({ operations: gone, events: [flush(11, 11.5)] }).findings.length, 1);
    assert.equal(check({ operations: [...gone, write(0, 15, 16)] }).valid, true);
  });

  it("takes any order of what overlapped", () => {
    for (const operations of [
      [one, two, read(2, 16, 18), read(1, 17, 19)],
      [write(1, 12, 15), write(2, 13, 16), read(2, 17, 18), read(1, 19, 20)],
      [lateWrite(1, 12), two, read(2, 16, 17), read(1, 18, 19)],
    ]) {
      assert.equal(check({ operations }).valid, true);
    }
  });

  it("does not judge reads of replicas, nor reads before and after a kill together", () => {
    const onReplica = [one, two, read(2, 16, 17), read(1, 18, 19, { node: "r1" })];
    assert.equal(check({ operations: onReplica }).valid, true);
    const events: JournalEvent[] = [
      event("fault", 17_400, { id: "kill-1", fault: "kill", step: "inject", targets: [] }),
      event("container", 17_500, { node: "m1", exitCode: 137, ours: true }),
      event("container", 17_600, { node: "m1", action: "start" }),
    ];
    assert.equal(check({ operations: [one, two, read(2, 16, 17), read(1, 18, 19)], events }).valid, true);
  });

  it("does not know when nobody read", () => {
    assert.match(check({ operations: [one, two] }).why ?? "", /no recorded load read anything from a master/);
  });

  it("says the same as comparing every pair of reads does", () => {
    const time = fc.record({ from: fc.nat(12), length: fc.nat(6) });
    const draws = fc.array(fc.tuple(time, fc.nat(3), fc.nat(4)), { minLength: 2, maxLength: 8 });
    let found = 0;
    fc.assert(
      fc.property(draws, fc.array(time, { maxLength: 2 }), (drawn, flushTimes) => {
        const written = new Set<number>();
        const operations = drawn.map(([{ from, length }, kind, value]) => {
          const [begin, end] = [12 + from, 12 + from + length];
          if (kind > 1 || (value > 0 && written.has(value))) return read(value, begin, end);
          written.add(value);
          return kind === 0 && length > 4 ? lateWrite(value, begin) : write(value, begin, end);
        });
        operations.push(read(0, 11, 11));
        const flushes = flushTimes.map(({ from, length }) => ({ from: 12 + from, to: 12 + from + length }));
        const events = flushes.map(({ from, to }) => flush(from, to));
        const expected = goesBack(
          operations,
          flushes.map(({ from, to }) => ({ from: from * 1000, to: to * 1000 })),
        );
        if (expected) found++;
        assert.equal(check({ operations, events }).valid, !expected);
      }),
      { numRuns: 2000, seed: 4 },
    );
    assert.ok(found > 100, `only ${found} of 2000 went back`);
  });
});
