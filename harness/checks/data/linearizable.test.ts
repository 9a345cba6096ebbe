import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import { flush, lateWrite, type RecordedRun, read, recorded, write } from "../../testing/history-fixture.support.ts";
import { event, state } from "../../testing/record-fixture.support.ts";
import { linearizable, linearizableWithin } from "./linearizable.ts";

const check = (run: RecordedRun) => linearizable.check(recorded(run));

describe("linearizable", () => {
  it("is green when an order explains every read", () => {
    const operations = [read(0, 11, 11.5), write(1, 12, 15), write(2, 13, 16), read(2, 14, 14.5), read(1, 17, 18)];
    assert.deepEqual(check({ operations }), { valid: true, why: null, findings: [] });
  });

  it("finds a read that missed an acknowledged write, and names the operations that have no order", () => {
    const around = Array.from({ length: 50 }, (_, i) => write(i + 10, 20 + i / 10, 20.05 + i / 10));
    const operations = [write(1, 12, 13), read(1, 13.5, 14), write(2, 15, 16), read(1, 17, 18), ...around];
    const { valid, findings } = check({ operations });
    assert.equal(valid, false);
    const [finding] = findings;
    assert.deepEqual([finding?.type, finding?.class, finding?.node], ["not-linearizable", "register", "m1"]);
    assert.deepEqual([finding?.from, finding?.to], [12_000, 18_000]);
    assert.match(
      finding?.proof ?? "",
      /^set:0: no order of these 3 operations explains what was read: v1 .*; v2 .*; v1 \(read/,
    );
    const life = finding?.detail?.life as { marked: boolean; value: string }[];
    assert.deepEqual(
      life.filter(({ marked }) => marked).map(({ value }) => value),
      ["v1", "v2", "v1"],
    );
  });

  it("takes a flush as a write of nothing to every key", () => {
    const operations = [write(1, 12, 13), read(0, 16, 17)];
    assert.equal(check({ operations }).findings.length, 1);
    assert.equal(check({ operations, events: [flush(14, 15)] }).valid, true);
    assert.equal(check({ operations, events: [flush(14, null)] }).valid, true);
    assert.equal(check({ operations, events: [flush(16.2, 16.4)] }).valid, true);
    assert.equal(check({ operations, events: [flush(17.2, 17.4)] }).findings.length, 1);
    const back = [write(1, 12, 13), read(1, 16, 17)];
    const [finding] = check({ operations: back, events: [flush(14, 15)] }).findings;
    assert.match(finding?.proof ?? "", /FLUSHALL on m1 \(flush-14, /);
  });

  it("lets an unanswered write come late or never, and refused ones not at all", () => {
    const late = lateWrite(1, 12);
    assert.equal(check({ operations: [late, read(0, 13, 14), read(1, 15, 16)] }).valid, true);
    assert.equal(check({ operations: [late, read(1, 13, 14), read(0, 15, 16)] }).findings.length, 1);
    const refused = { ...write(1, 12, 13), outcome: "fail" } as const;
    assert.equal(check({ operations: [refused, read(1, 15, 16)] }).findings.length, 1);
  });

  it("begins anew with a new master: what it has is not known, from then on it must be in order", () => {
    const moved: JournalEvent[] = [
      { type: "topology", t: 20_000, masters: ["r1"], replicaOf: { m1: "r1" }, reason: "switch" },
      state(20_500, "r1", "master"),
      state(20_500, "m1", "replica"),
    ];
    const on = { node: "r1" };
    const judge = (...after: ReturnType<typeof read>[]) =>
      check({ operations: [write(1, 12, 13), write(2, 14, 15), ...after], events: moved, without: ["node-state"] });
    assert.equal(judge(read(2, 20.1, 20.2, on), read(1, 21, 22, on)).valid, true, "it was no master yet");
    assert.equal(judge(read(1, 21, 22, on), read(1, 23, 24, on)).valid, true, "v2 was lost");
    assert.equal(judge(read(0, 21, 22, on)).valid, true);
    assert.equal(judge(read(1, 21, 22, on), read(2, 23, 24, on)).findings.length, 1, "it began with one value");
    assert.equal(judge(write(3, 21, 22, on), read(2, 23, 24, on)).findings.length, 1);
  });

  it("judges what a killed master had before and after the kill each by itself", () => {
    const events: JournalEvent[] = [
      event("fault", 19_900, { id: "kill-1", fault: "kill", step: "inject", targets: [] }),
      event("container", 20_000, { node: "m1", exitCode: 137, ours: true }),
      event("container", 21_000, { node: "m1", action: "start" }),
    ];
    const operations = [write(1, 12, 13), write(2, 14, 15), read(2, 16, 17), read(1, 22, 23)];
    assert.equal(check({ operations, events }).valid, true);
    assert.equal(check({ operations }).valid, false);
  });

  it("does not know when its budget runs out, and says of how much", () => {
    // Zones do not tell all of deletes: only a search finds that one of them cannot come twice.
    const run = recorded({
      operations: [
        write(1, 11, 12),
        write(0, 13, 20),
        read(0, 14, 15),
        write(2, 14, 19),
        read(2, 16, 17),
        read(0, 18, 18.5),
      ],
    });
    const { valid, why } = linearizableWithin(1).check(run);
    assert.equal(valid, "unknown");
    assert.match(why ?? "", /^set: 1 of 1 registers were too much for the search's budget$/);
    assert.equal(linearizableWithin(100).check(run).valid, false);
  });

  it("does not know when nobody read", () => {
    assert.equal(check({ operations: [write(1, 12, 13)] }).valid, "unknown");
  });
});
