import assert from "node:assert/strict";
import type { JournalEvent, NodeCondition } from "../../journal/events.ts";
import { sawWaits } from "../../testing/evidence.support.ts";
import { condition, event, fixture, phase, starved } from "../../testing/record-fixture.support.ts";
import { noHang } from "./no-hang.ts";

describe("no-hang", () => {
  const hang = (now: NodeCondition, from: number, to?: number): JournalEvent[] => [
    condition(from + 2000, "r1", now, { since: from, silent: 3, of: 8 }),
    ...(to === undefined ? [] : [condition(to, "r1", "healthy")]),
  ];

  it("is green on a healthy run", () => {
    assert.deepEqual(noHang.check(fixture()), { valid: true, why: null, findings: [] });
  });

  for (const kind of ["deadlocked", "livelocked", "partial"] as const) {
    it(`finds a node that stays ${kind} to the end, with its evidence`, () => {
      const captured = event("evidence", 24_000, { files: ["evidence/r1/1.txt"], proof: "a cycle" });
      const other = event("evidence", 24_000, { node: "m1", files: ["evidence/m1/1.txt"] });
      const result = noHang.check(fixture([...hang(kind, 20_000), captured, other]));
      assert.equal(result.valid, false);
      assert.equal(result.findings.length, 1);
      const { type, class: kindOf, node, from, to, proof, evidence, summary } = result.findings[0]!;
      assert.deepEqual([type, kindOf, node, from, to, proof], ["hang", kind, "r1", 20_000, null, "a cycle"]);
      assert.deepEqual(evidence, ["evidence/r1/1.txt"]);
      assert.match(summary, /3 of 8 connections silent/);
    });
  }

  it("finds a node that stays unresponsive, and names what this run had told it", () => {
    const params = { node: "r1", argv: ["client", "pause", "15000", "ALL"] };
    const pause = (t: number) => [
      event("fault", t, { id: "hold", fault: "command", step: "inject", targets: [], params }),
      event("fault", t + 5, { id: "hold", fault: "command", step: "injected", targets: ["r1"] }),
    ];
    const told = (...more: JournalEvent[]) =>
      noHang.check(fixture([...hang("unresponsive", 20_000), ...more])).findings;
    const [plain] = told();
    assert.deepEqual([plain?.type, plain?.class, plain?.proof], ["hang", "unresponsive", null]);
    assert.doesNotMatch(plain?.summary ?? "", /CLIENT PAUSE/);
    const hint = /The fault hold had told it to hold its clients back for 15s \(CLIENT PAUSE\)\./;
    assert.match(told(...pause(19_900))[0]?.summary ?? "", hint);
    assert.doesNotMatch(told(...pause(4_000))[0]?.summary ?? "", /CLIENT PAUSE/, "its time was over");
    const proved = event("evidence", 24_000, { proof: "a cycle" });
    assert.equal(told(proved)[0]?.class, "deadlocked", "threads that wake up may wait in a cycle all the same");
  });

  it("says of a hang that waits for a lock held by readers that it is not proved", () => {
    const found = "rwlock 0x7f is held by 2 readers, 3 threads wait for it";
    const summary = `${found}. missing: function names because gdb is not there`;
    const captured = event("evidence", 24_000, { summary, data: { ...sawWaits({ class: "held-by-readers" }), found } });
    const [finding] = noHang.check(fixture([...hang("deadlocked", 20_000), captured])).findings;
    assert.equal(finding?.proof, null);
    assert.equal(finding?.detail?.waits, "held-by-readers");
    assert.match(
      finding?.summary ?? "",
      /Held by readers, so not proved: rwlock 0x7f is held by 2 readers, 3 threads wait for it\.$/,
    );
    const proved = event("evidence", 25_000, { proof: "a cycle", data: sawWaits({ class: "proven" }) });
    const [both] = noHang.check(fixture([...hang("deadlocked", 20_000), captured, proved])).findings;
    assert.deepEqual([both?.proof, both?.detail?.waits], ["a cycle", undefined]);
  });

  it("says when INFO was polled more often than usual, for watching may be the fault", () => {
    const summaryAt = (poll: number) => {
      const record = fixture(hang("deadlocked", 20_000), { experiment: { watchdog: { poll } } });
      return noHang.check(record).findings[0]?.summary ?? "";
    };
    assert.match(summaryAt(100), /INFO was polled at 10 Hz on every node\./);
    assert.doesNotMatch(summaryAt(1000), /polled/);
  });

  it("does not find a hang that ends before recovery is over", () => {
    assert.equal(noHang.check(fixture(hang("deadlocked", 20_000, 45_000))).valid, true);
  });

  it("finds a hang that ends only after recovery is over", () => {
    const result = noHang.check(fixture(hang("deadlocked", 20_000, 52_000)));
    assert.equal(result.findings[0]?.to, 52_000);
  });

  it("finds a healed hang that was longer than the experiment's limit, and only that", () => {
    assert.equal(noHang.check(fixture(hang("partial", 20_000, 27_000), { hangLimit: 6000 })).findings.length, 1);
    assert.equal(noHang.check(fixture(hang("partial", 20_000, 27_000), { hangLimit: 8000 })).valid, true);
  });

  it("finds a confirmed hang at the very end of a watch, which heals nothing, and not one that had ended", () => {
    const watched = (...events: JournalEvent[]) =>
      noHang.check(
        fixture([...phase("watch", 2_000, 60_000), ...events], { hangLimit: 5_000, without: ["phase", "recovery"] }),
      );
    assert.deepEqual(
      watched(...hang("partial", 57_000)).findings.map(({ type, node }) => `${type} ${node}`),
      ["hang r1"],
    );
    assert.deepEqual(watched(...hang("partial", 20_000, 24_000)).findings, []);
  });

  it("calls a hang that ended blocked, unless a cycle was proved or it burned CPU, and says what had been healed", () => {
    const found = (kind: NodeCondition, ...more: JournalEvent[]) => {
      const [finding] = noHang.check(fixture([...hang(kind, 20_000, 29_000), ...more], { hangLimit: 5000 })).findings;
      return [finding?.class, finding?.summary.match(/It went on.*\./)?.[0]];
    };
    assert.deepEqual(found("deadlocked"), ["blocked", "It went on by itself."]);
    assert.deepEqual(found("livelocked"), ["livelocked", "It went on by itself."]);
    const proved = event("evidence", 24_000, { proof: "a cycle" });
    assert.deepEqual(found("deadlocked", proved), ["deadlocked", "It went on by itself."]);
    const cut = { id: "cut", fault: "partition" };
    const switched = { id: "away", fault: "switch-master" };
    assert.deepEqual(
      found(
        "deadlocked",
        event("fault", 19_000, { ...cut, step: "injected" }),
        event("fault", 27_500, { ...cut, step: "healed" }),
        event("fault", 28_900, { ...switched, step: "injected" }),
        event("fault", 28_950, { ...switched, step: "healed" }),
      ),
      ["blocked", "It went on 1.5s after cut was healed."],
    );
  });

  it("counts a hang to the moment of the late answers, which make the node look slow in hindsight", () => {
    const slow = condition(29_500, "r1", "slow", { since: 22_500 });
    const result = noHang.check(
      fixture([...hang("deadlocked", 20_000), slow, condition(30_000, "r1", "healthy")], { hangLimit: 5000 }),
    );
    assert.deepEqual(
      result.findings.map(({ from, to }) => [from, to]),
      [[20_000, 29_500]],
    );
  });

  for (const own of ["paused", "down"] as const) {
    it(`a node ${own} by us is not a hang, even to the end`, () => {
      assert.equal(noHang.check(fixture([condition(20_000, "r1", own)], { hangLimit: 1000 })).valid, true);
    });
  }

  it("a dead node is not a hang", () => {
    assert.equal(noHang.check(fixture([condition(20_000, "r1", "dead")])).valid, true);
  });

  it("does not know when the harness was starved for more than a fifth of the hang", () => {
    const result = noHang.check(fixture([...hang("deadlocked", 20_000), ...starved(20_000, 30_000)]));
    assert.equal(result.valid, "unknown");
    assert.match(result.why ?? "", /starved for 26 %/);
  });

  it("still finds a hang when the harness was starved for less than a fifth of it", () => {
    assert.equal(noHang.check(fixture([...hang("deadlocked", 20_000), ...starved(20_000, 25_000)])).valid, false);
  });

  it("counts one hang that changes its kind once, under the kind that held longest", () => {
    const events = [
      ...hang("partial", 20_000),
      condition(23_000, "r1", "livelocked"),
      condition(50_500, "r1", "partial"),
    ];
    const result = noHang.check(fixture(events));
    assert.deepEqual(
      result.findings.map((finding) => [finding.class, finding.from]),
      [["livelocked", 20_000]],
    );
  });

  it("does not know about a node that hung when the run was cut short", () => {
    const without = ["recovery", "phase"] as const;
    assert.equal(noHang.check(fixture(hang("deadlocked", 20_000), { without })).valid, "unknown");
  });

  it("judges by the recovery deadline when the phase left no result", () => {
    const late = condition(70_000, "m1", "healthy");
    const events = [...hang("deadlocked", 20_000), late];
    const cut = fixture(events, { without: ["recovery"] });
    assert.equal(noHang.check(cut).valid, "unknown", "teardown began before the deadline");
  });

  it("finds a node that is slow past recovery as slow recovery", () => {
    const result = noHang.check(fixture([condition(30_000, "r1", "slow")]));
    assert.equal(result.findings[0]?.type, "slow-recovery");
  });

  it("ignores the control server and what happens in teardown", () => {
    const events = [condition(20_000, "c0", "deadlocked"), condition(58_500, "r1", "deadlocked")];
    assert.equal(noHang.check(fixture(events)).valid, true);
  });

  it("does not know when the watchdog said nothing", () => {
    assert.equal(noHang.check(fixture([], { without: ["condition"] })).valid, "unknown");
  });
});
