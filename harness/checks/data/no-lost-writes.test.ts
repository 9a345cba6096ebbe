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
import { condition, event, type Free, fixture, state } from "../../testing/record-fixture.support.ts";
import { noLostWrites } from "./no-lost-writes.ts";

const check = (run: RecordedRun) => noLostWrites.check(recorded(run));
/** "type/class of node" */
const told = (run: RecordedRun) => check(run).findings.map((one) => `${one.type}/${one.class} of ${one.node}`);

const topology = (t: number, master: string, replica: string): JournalEvent => ({
  type: "topology",
  t,
  masters: [master],
  replicaOf: { [replica]: master },
  reason: "switch",
});
/** r1 takes over at 20 s. */
const SWITCH: JournalEvent[] = [
  topology(20_000, "r1", "m1"),
  state(21_000, "r1", "master"),
  state(21_000, "m1", "replica"),
  state(54_500, "r1", "master"),
  state(54_500, "m1", "replica"),
];

const SWITCHED = { events: SWITCH, without: ["node-state"] } as const;

describe("no-lost-writes", () => {
  it("is green when every node holds the last acknowledged value", () => {
    const run = { operations: [write(1, 12, 13), write(2, 14, 15)], final: finals(2) };
    const losses = [{ load: "set", acknowledged: 2, allowed: 0, lost: 0, excused: 0 }];
    assert.deepEqual(check(run), { valid: true, why: null, findings: [], losses });
  });

  it("finds a lost write, with its key's life", () => {
    const operations = [write(1, 12, 13, { cell: 7 })];
    const { valid, findings } = check({
      operations,
      final: [final("m1", 1, { cell: 7 }), final("r1", 0, { cell: 7 })],
    });
    assert.equal(valid, false);
    const [finding] = findings;
    assert.deepEqual([finding?.type, finding?.class, finding?.node], ["lost-write", "lost", "r1"]);
    assert.deepEqual([finding?.from, finding?.to], [13_000, null]);
    assert.match(
      finding?.proof ?? "",
      /^set:7: nothing was found on r1 in the end, at 53.000 s; v1 \(written to m1, 12/,
    );
    const { key, element, count, cells, life } = finding?.detail ?? {};
    assert.deepEqual([key, element, count], ["set:7", null, 1]);
    const expected = "v1 (written to m1, 12.000 s – 13.000 s)";
    assert.deepEqual(cells, [{ key: "set:7", element: null, found: "nothing", expected }]);
    assert.deepEqual(
      life?.map(({ what, node, value, marked }) => [what, node, value, marked]),
      [
        ["write", "m1", "v1", true],
        ["final-read", "m1", "v1", false],
        ["final-read", "r1", "nothing", true],
      ],
    );
  });

  it("finds a value that is older than one acknowledged strictly later", () => {
    const operations = [write(1, 12, 13), write(2, 14, 15)];
    assert.deepEqual(told({ operations, final: [final("m1", 2), final("r1", 1)] }), ["lost-write/stale of r1"]);
    assert.deepEqual(told({ operations, final: finals(1) }), ["lost-write/stale of m1", "lost-write/stale of r1"]);
  });

  it("takes either of two writes that overlapped", () => {
    const operations = [write(1, 12, 14), write(2, 13, 15)];
    for (const value of [1, 2]) assert.deepEqual(told({ operations, final: finals(value) }), []);
    assert.deepEqual(told({ operations, final: finals(0) }).length, 2);
  });

  it("lets an unanswered write come at any time, or never", () => {
    const operations = [lateWrite(1, 12), write(2, 14, 15)];
    for (const value of [1, 2]) assert.deepEqual(told({ operations, final: finals(value) }), []);
    for (const value of [0, 1]) assert.deepEqual(told({ operations: [lateWrite(1, 12)], final: finals(value) }), []);
  });

  it("finds values that nobody wrote: foreign ones, those of refused writes, and those of other keys", () => {
    const refused = { ...write(1, 12, 13), outcome: "fail" } as const;
    assert.deepEqual(told({ operations: [refused], final: [final("m1", 0), final("r1", 1)] }), [
      "phantom-value/failed-write of r1",
    ]);
    const foreign = { operations: [write(1, 12, 13)], load: { foreign: ["17 apples"] } };
    const [finding] = check({ ...foreign, final: [final("m1", 1), final("r1", -1)] }).findings;
    assert.deepEqual([finding?.type, finding?.class], ["phantom-value", "never-written"]);
    assert.match(finding?.proof ?? "", /^set:0: 17 apples was found on r1/);
    const other = [write(1, 12, 13), write(2, 12, 13, { cell: 1 })];
    const swapped = [...finals(1), final("m1", 2, { cell: 1 }), final("r1", 1, { cell: 1 })];
    assert.deepEqual(told({ operations: other, final: swapped }), ["phantom-value/never-written of r1"]);
  });

  it("finds what nobody wrote in what clients read, too", () => {
    const operations = [write(1, 12, 13), read(-1, 14, 15, { node: "r1" })];
    const run = { operations, final: finals(1), load: { foreign: ["half a va"] } };
    assert.deepEqual(told(run), ["phantom-value/never-written of r1"]);
  });

  it("knows what flushes and deletes remove, and what came back after them", () => {
    const flushed = { operations: [write(1, 12, 13)], events: [flush(14, 15)] };
    assert.deepEqual(told({ ...flushed, final: finals(0) }), []);
    assert.deepEqual(told({ ...flushed, final: [final("m1", 0), final("r1", 1)] }), [
      "resurrected-key/flushed-value of r1",
    ]);
    const deleted = [write(1, 12, 13), write(0, 14, 15)];
    assert.deepEqual(told({ operations: deleted, final: finals(0) }), []);
    assert.deepEqual(told({ operations: deleted, final: [final("m1", 0), final("r1", 1)] }), [
      "resurrected-key/deleted-value of r1",
    ]);
    assert.deepEqual(told({ operations: [write(1, 12, 13)], events: [flush(10, 11)], final: finals(0) }), [
      "lost-write/lost of m1",
      "lost-write/lost of r1",
    ]);
  });

  it("leaves what is about flushes to flush-order where that is asked, and stays violated", () => {
    const run = { operations: [write(1, 12, 13)], events: [flush(14, 15)], final: finals(1) };
    const { valid, why, findings } = check({ ...run, checks: ["flush-order", "no-lost-writes"] });
    assert.deepEqual([valid, why, findings], [false, "set: flush-order tells of 2 wrong values", []]);
  });

  it("makes one finding of many keys, counts all and lists twenty", () => {
    const operations = Array.from({ length: 25 }, (_, cell) => write(cell + 1, 12, 13, { cell }));
    const last = operations.flatMap(({ cell, value }) => [final("m1", value, { cell }), final("r1", 0, { cell })]);
    const [finding, ...others] = check({ operations, final: last }).findings;
    assert.deepEqual(others, []);
    assert.equal(finding?.detail?.count, 25);
    assert.equal((finding?.detail?.cells as unknown[] | undefined)?.length, 20);
    assert.match(finding?.summary ?? "", /^25 values/);
  });

  it("allows what a replaced master had acknowledged to be lost, says how much, and not what its successor did", () => {
    const operations = [write(1, 12, 13), write(2, 25, 26, { cell: 1, node: "r1" })];
    const kept = finals(2, { cell: 1 });
    const run = { operations, ...SWITCHED };
    const { valid, why } = check({ ...run, final: [...finals(0), ...kept] });
    assert.equal(valid, true);
    assert.match(why ?? "", /^set: 1 of 2 acknowledged writes were allowed to get lost: .*; 1 really got lost$/);
    assert.deepEqual(told({ ...run, final: [...finals(1), ...finals(0, { cell: 1 })] }), [
      "lost-write/lost of m1",
      "lost-write/lost of r1",
    ]);
  });

  it("counts what is gone for certain: not what a flush or delete may have removed, nor what was overwritten", () => {
    const count = (run: RecordedRun) => check({ ...SWITCHED, ...run }).losses?.[0];
    const operations = [write(1, 12, 13), write(2, 14, 15), write(3, 16, 17)];
    const all = { load: "set", acknowledged: 3, allowed: 3 };
    assert.deepEqual(count({ operations, final: finals(1) }), { ...all, lost: 2, excused: 2 });
    assert.deepEqual(count({ operations, final: finals(3) }), { ...all, lost: 0, excused: 0 });
    const flushed = { ...SWITCHED, events: [...SWITCH, flush(18, 19)] };
    assert.deepEqual(count({ operations, final: finals(1), ...flushed }), { ...all, lost: 0, excused: 0 });
    // On one of the nodes is enough, and no node that could be read is no number.
    assert.equal(count({ operations, final: [final("m1", 3), final("r1", 2)] })?.lost, 1);
    assert.equal(count({ operations, final: [] })?.lost, null);
  });

  it("lets an experiment allow none, or any", () => {
    const run = { operations: [write(1, 12, 13)], ...SWITCHED, final: finals(0) };
    const none = check({ ...run, losses: "none" });
    assert.deepEqual(
      none.findings.map(({ class: kind, node }) => [kind, node]),
      [
        ["lost", "m1"],
        ["lost", "r1"],
      ],
    );
    assert.deepEqual(none.losses, [{ load: "set", acknowledged: 1, allowed: 0, lost: 1, excused: 0 }]);
    const lost = { operations: [write(1, 12, 13)], final: finals(0) };
    assert.equal(check(lost).valid, false);
    const any = check({ ...lost, losses: "any" });
    assert.deepEqual(
      [any.valid, any.losses],
      [true, [{ load: "set", acknowledged: 1, allowed: 1, lost: 1, excused: 1 }]],
    );
    assert.match(any.why ?? "", /^set: 1 of 1 acknowledged writes were allowed to get lost: the experiment allows any/);
  });

  it("allows no loss of what WAIT had confirmed on every replica", () => {
    const run = { ...SWITCHED, final: finals(0) };
    assert.equal(told({ ...run, operations: [write(1, 12, 13, { replicas: 1 })] }).length, 2);
    assert.deepEqual(told({ ...run, operations: [write(1, 12, 13, { replicas: 0 })] }), []);
  });

  it("takes what a former master acknowledged while it was being replaced as allowed to be lost", () => {
    const operations = [write(1, 20.01, 20.02)];
    assert.deepEqual(told({ operations, ...SWITCHED, final: finals(0) }), []);
  });

  it("allows no loss over a clean stop of a master that keeps its data", () => {
    const operations = [write(1, 12, 13)];
    const nothing = [final("m1", 0), final("r1", 0)];
    const stop = (more: Free<"shutdown">): JournalEvent[] => [
      event("fault", 18_990, { id: "stop", fault: "shutdown", step: "inject", targets: [] }),
      event("container", 19_490, { node: "m1", action: "die", exitCode: 0, ours: true }),
      event("shutdown", 19_500, { node: "m1", keepsData: true, ...more }),
      event("container", 19_600, { node: "m1", action: "start", exitCode: null, ours: true }),
      event("fault", 20_000, { id: "stop", fault: "shutdown", step: "injected", targets: ["m1"] }),
      event("fault", 30_000, { id: "stop", fault: "shutdown", step: "healed", targets: ["m1"] }),
    ];
    const lost = (more: Free<"shutdown">) => told({ operations, events: stop(more), final: nothing }).length;
    assert.equal(lost({}), 2);
    assert.equal(lost({ exitCode: 143 }), 2);
    for (const excuse of [{ keepsData: false }, { exitCode: 1 }, { ended: null, exitCode: null }, { node: "r2" }]) {
      assert.equal(lost(excuse), 0, JSON.stringify(excuse));
    }
  });

  it("allows loss when the master was killed or crashed afterwards, not when a replica was", () => {
    const operations = [write(1, 12, 13), write(2, 30, 31, { cell: 1 })];
    const lost = [...finals(0), ...finals(2, { cell: 1 })];
    const killed = (node: string): JournalEvent[] => [
      event("fault", 19_990, { id: "kill-1", fault: "kill", step: "inject", targets: [] }),
      event("container", 20_000, { node, exitCode: 137, ours: true }),
      event("container", 21_000, { node, action: "start" }),
    ];
    const crashed = [
      event("container", 20_000, { node: "m1", exitCode: 139 }),
      event("container", 21_000, { node: "m1", action: "start" }),
    ];
    for (const events of [killed("m1"), crashed]) {
      assert.deepEqual(told({ operations, events, final: lost }), []);
      const later = [...finals(1), ...finals(0, { cell: 1 })];
      assert.equal(told({ operations, events, final: later }).length, 2, "written after the restart");
    }
    assert.equal(told({ operations, events: killed("r1"), final: lost }).length, 2);
  });

  it("takes a master that said it was a replica in between as replaced", () => {
    const events = [state(13_500, "m1", "master"), state(14_000, "m1", "replica"), state(15_000, "m1", "master")];
    assert.deepEqual(told({ operations: [write(1, 12, 13)], events, final: finals(0) }), []);
    assert.equal(told({ operations: [write(1, 16, 17)], events, final: finals(0) }).length, 2);
  });

  it("takes a node that was made master again as settled when commands of before are answered", () => {
    const late = {
      type: "admin-command",
      node: "m1",
      connection: 0,
      number: 1,
      by: "s#1",
      command: "SLAVEOF",
    } as const;
    const events: JournalEvent[] = [
      topology(20_000, "r1", "m1"),
      { ...late, t: 20_001, step: "sent" },
      topology(22_000, "m1", "r1"),
      { ...late, t: 25_000, step: "answered", ms: 5000 },
      state(26_000, "m1", "master"),
    ];
    assert.deepEqual(told({ operations: [write(1, 23, 24)], events, final: finals(0) }), []);
    assert.equal(told({ operations: [write(1, 27, 28)], events, final: finals(0) }).length, 2);
    const never = events.filter((one) => one.t !== 25_000);
    assert.deepEqual(told({ operations: [write(1, 27, 28)], events: never, final: finals(0) }), []);
  });

  it("does not know about nodes that could not be read, have not caught up, or were flushed by themselves", () => {
    const operations = [write(1, 12, 13)];
    const unread = { ...final("r1", 0), outcome: "info" } as const;
    for (const [run, why] of [
      [{ final: [final("m1", 1), unread] }, /^1 of 1 cells of set could not be read from r1 in the end$/],
      [{ final: [final("m1", 1)] }, /could not be read from r1/],
      [
        { final: [final("m1", 1), final("r1", 0)], events: [flush(14, 15, { node: "r1" })] },
        /FLUSHALL.* was sent to r1/,
      ],
      [{ final: [final("m1", 1), final("r1", 0)], events: [linkDown()] }, /r1 has not caught up.*its link is down/],
      [{ final: [final("m1", 1), final("r1", 0)], events: lagging() }, /its offset is 10, and m1 had 90 before/],
      [
        { load: { incomplete: "a disk was full" }, final: finals(0) },
        /the history of set is not whole: a disk was full/,
      ],
    ] as const) {
      const result = check({ operations, ...run });
      assert.deepEqual([result.valid, result.findings], ["unknown", []]);
      assert.match(result.why ?? "", why);
    }
  });

  it("does not miss a node that the experiment left down", () => {
    const run = { operations: [write(1, 12, 13)], final: [final("m1", 1)] };
    const { valid, why } = check({ ...run, events: [condition(30_000, "r1", "down")] });
    assert.deepEqual([valid, why], [true, "r1 was left out: the experiment took it down for good"]);
  });

  it("judges what replicas hold whose master was left down, though they are linked to nobody", () => {
    const killed = { node: "m1", exitCode: 137, ours: true };
    const events = [event("container", 30_000, killed), condition(30_000, "m1", "down"), linkDown()];
    const run = { operations: [write(1, 12, 13)], events };
    const { valid, why } = check({ ...run, final: [final("r1", 0)] });
    assert.equal(valid, true);
    assert.match(why ?? "", /m1 was left out.*1 of 1 acknowledged writes were allowed to get lost/);
    assert.deepEqual(told({ ...run, final: [final("r1", 7)] }), ["phantom-value/never-written of r1"]);
  });

  it("takes a refused flush as none", () => {
    const run = { operations: [write(1, 12, 13)], events: [flush(14, 15, { node: "r1", failed: "READONLY" })] };
    assert.equal(check({ ...run, final: finals(1) }).valid, true);
  });

  it("does not know without a recorded load, without writes, or without a topology", () => {
    assert.match(noLostWrites.check(fixture()).why ?? "", /no load has record: true/);
    assert.match(check({ operations: [] }).why ?? "", /no recorded write was acknowledged/);
    const run = { operations: [write(1, 12, 13)], final: finals(1) };
    assert.equal(check({ ...run, without: ["topology"] }).valid, "unknown");
  });

  function lagging(): JournalEvent[] {
    return [stateWith("m1", 52_000, { role: "master", offset: 90 }), stateWith("r1", 54_500, { offset: 10 })];
  }

  function linkDown(): JournalEvent {
    return stateWith("r1", 54_500, { link: "down" });
  }

  function stateWith(node: string, t: number, more: object): JournalEvent {
    const one = state(t, node, "replica") as Extract<JournalEvent, { type: "node-state" }>;
    return { ...one, state: { ...one.state, ...more } };
  }
});
