import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import {
  final,
  finals,
  flush,
  lateWrite,
  type RecordedRun,
  read,
  recorded,
  write,
} from "../../testing/history-fixture.support.ts";
import { flushOrder } from "./flush-order.ts";

const check = (run: RecordedRun) => flushOrder.check(recorded(run));
/** "type/class of node" */
const told = (run: RecordedRun) => check(run).findings.map((one) => `${one.type}/${one.class} of ${one.node}`);
const seen = (from: number, node: string, at: number): JournalEvent => {
  return { type: "flush-effect", t: at * 1000, id: `flush-${from}`, node, at: at * 1000, until: at * 1000 + 5000 };
};

describe("flush-order", () => {
  const events = [flush(20, 21)];
  const before = write(1, 12, 13);
  const after = write(2, 22, 23);

  it("is green when what came before the flush is gone and what came after it is there", () => {
    const operations = [before, after, write(3, 14, 15, { cell: 1 })];
    const result = check({ operations, events, final: [...finals(2), ...finals(0, { cell: 1 })] });
    assert.deepEqual(result, { valid: true, why: null, findings: [] });
  });

  it("finds what was acknowledged before the flush and is still there", () => {
    const { findings } = check({ operations: [before], events, final: [final("m1", 0), final("r1", 1)] });
    const [finding] = findings;
    assert.deepEqual([finding?.type, finding?.class, finding?.node], ["resurrected-key", "flushed-value", "r1"]);
    assert.equal(finding?.from, 20_000);
    assert.match(
      finding?.proof ?? "",
      /^set:0: v1 .* was found on r1 in the end, .*; it was acknowledged before FLUSHALL on m1 \(flush-20, 20.000 s – 21.000 s\) was invoked\.$/,
    );
    const life = finding?.detail?.life as { what: string; marked: boolean }[];
    assert.deepEqual(
      life.filter(({ marked }) => marked).map(({ what }) => what),
      ["write", "flush", "final-read"],
    );
  });

  it("finds what was written after the flush and is gone", () => {
    const run = { operations: [before, after], events };
    assert.deepEqual(told({ ...run, final: [final("m1", 2), final("r1", 0)] }), ["lost-write/lost-after-flush of r1"]);
    assert.deepEqual(told({ ...run, final: [final("m1", 2), final("r1", 1)] }), [
      "resurrected-key/flushed-value of r1",
    ]);
  });

  it("takes either for what was in flight with the flush", () => {
    for (const operation of [write(1, 19, 20.5), write(1, 20.5, 22), write(1, 19, 22), lateWrite(1, 12)]) {
      for (const value of [0, 1]) assert.deepEqual(told({ operations: [operation], events, final: finals(value) }), []);
    }
  });

  it("leaves to no-lost-writes what has nothing to do with a flush", () => {
    const early = { operations: [before], events: [flush(20, null)] };
    assert.deepEqual(told({ ...early, final: finals(1) }), []);
    const stale = { operations: [write(1, 22, 23), write(2, 24, 25)], events };
    assert.deepEqual(told({ ...stale, final: finals(1) }), []);
  });

  it("lets an unanswered flush come at any time or never, unless its effect was seen", () => {
    const run = { operations: [before, after], events: [flush(20, null)] };
    for (const value of [0, 2]) assert.deepEqual(told({ ...run, final: finals(value) }), []);
    const once = { ...run, events: [flush(20, null), seen(20, "m1", 21)] };
    assert.deepEqual(told({ ...once, final: finals(0) }).length, 2);
    assert.deepEqual(told({ operations: [before], events: once.events, final: finals(1) }).length, 2);
  });

  it("finds flushed values in what clients read from the master, after the flush was acknowledged", () => {
    const last = finals(2);
    const readAt = (from: number, to: number, more = {}) => ({
      operations: [before, read(1, from, to, more), write(2, 30, 31)],
      events,
      final: last,
    });
    assert.deepEqual(told(readAt(22, 23)), ["resurrected-key/flushed-value of m1"]);
    assert.deepEqual(told(readAt(20.5, 23)), [], "invoked before the acknowledgement");
    assert.deepEqual(told(readAt(22, 23, { node: "r1" })), [], "a replica may lag");
  });

  it("counts a key once, whether a client or the final read saw it", () => {
    const operations = [before, read(1, 22, 23), read(1, 24, 25)];
    const [finding, ...others] = check({ operations, events, final: [final("m1", 1), final("r1", 0)] }).findings;
    assert.deepEqual([finding?.detail?.count, others], [1, []]);
  });

  it("does not know when nothing was flushed, and says which flushes promise nothing", () => {
    assert.match(check({ operations: [before], final: finals(1) }).why ?? "", /nothing was flushed/);
    const refused = [flush(20, 21, { node: "r1", failed: "READONLY" })];
    assert.equal(check({ operations: [before], events: refused, final: finals(1) }).valid, "unknown");
    const lost = check({ operations: [before], events: [flush(20, null)], final: finals(1) });
    assert.equal(lost.valid, true);
    assert.match(lost.why ?? "", /^1 of 1 flushes promise nothing for the end/);
  });
});
