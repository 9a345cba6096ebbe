import assert from "node:assert/strict";
import { condition, event, fixture, starved, state } from "../../testing/record-fixture.support.ts";
import type { EventOf, JournalEvent } from "../events.ts";
import { recordOf } from "../record.ts";

const fault = (t: number, step: EventOf<"fault">["step"], more: Partial<EventOf<"fault">> = {}) =>
  event("fault", t, { id: "cut#1", fault: "partition", targets: [], ...more, step });

const phase = (t: number, name: EventOf<"phase">["phase"], step: "begin" | "end"): JournalEvent => {
  return { type: "phase", t, phase: name, step };
};

describe("the view of a run", () => {
  it("knows where its phases were, when the watch ended and when all had to be well again", () => {
    const { view } = fixture();
    assert.deepEqual(view.phase("chaos"), { from: 10_000, to: 40_000 });
    assert.equal(view.phase("preload"), undefined);
    assert.deepEqual([view.watchEnd, view.recoveryEnd], [58_000, 50_000]);
    const deadline = fixture([], { without: ["recovery"] }).view;
    assert.equal(deadline.recoveryEnd, undefined, "41 s + 19 s is later than the watch ended");
  });

  it("of a journal that was cut short ends where that does, and leaves the last phase open", () => {
    const { view } = recordOf([phase(10, "chaos", "begin"), condition(90, "m1", "healthy")]);
    assert.deepEqual(view.phases, [{ phase: "chaos", from: 10, to: null }]);
    assert.deepEqual([view.phase("chaos"), view.watchEnd, view.recoveryEnd], [{ from: 10, to: 90 }, 90, undefined]);
  });

  it("tells who was in which condition when: not the control server, and nothing that teardown did", () => {
    const { view } = fixture([
      condition(20_000, "r1", "deadlocked", { since: 15_000 }),
      // Late answers look slow from the moment of their questions on.
      condition(30_000, "r1", "slow", { since: 16_000 }),
      condition(32_000, "r1", "healthy"),
      condition(33_000, "c0", "slow"),
      condition(59_000, "m1", "down"),
    ]);
    const told = [...view.conditions].map(([node, periods]) => [
      node,
      ...periods.map(({ condition: what, from, to }) => `${what} ${from}-${to}`),
    ]);
    assert.deepEqual(told, [
      ["m1", "healthy 2000-null"],
      ["r1", "healthy 2000-15000", "deadlocked 15000-30000", "slow 30000-32000", "healthy 32000-null"],
    ]);
    assert.deepEqual([view.leftDown("m1"), view.leftDown("r1")], [true, false]);
  });

  it("says for which share of a stretch the harness, or its watch over one node, was starved", () => {
    const { view } = fixture([
      ...starved(10_000, 12_000),
      condition(15_000, "r1", "starved"),
      condition(16_000, "r1", "healthy"),
    ]);
    const span = { from: 10_000, to: 20_000 };
    assert.deepEqual([view.starvedShare(span), view.starvedShare(span, "r1")], [0.2, 0.3]);
    assert.equal(view.starvedShare({ from: 5, to: 5 }), 0);
  });

  it("pieces a fault together from its steps", () => {
    const healed = fixture([
      fault(20_000, "inject", { params: { links: 1 } }),
      fault(20_040, "injected", { targets: ["r1"], ms: 40 }),
      fault(20_900, "effect", { targets: ["r1"], effect: { measured: true, summary: "cut" } }),
      fault(25_000, "heal"),
      fault(25_100, "healed"),
    ]).view.faults;
    assert.deepEqual(healed, [
      {
        ...{ id: "cut#1", fault: "partition", targets: ["r1"], params: { links: 1 }, detail: null, outcome: "done" },
        ...{ from: 20_000, injected: 20_040, lifted: 25_000, healed: 25_100, to: 25_100 },
        effect: { measured: true, summary: "cut" },
      },
    ]);
  });

  it("knows a fault that needs no heal as over when it was done, and one that never fired as such", () => {
    const { view } = fixture([
      fault(20_000, "inject"),
      fault(20_040, "injected"),
      fault(20_900, "healed"),
      fault(40_000, "not-fired", { id: "cut#2", detail: "why" }),
    ]);
    const [done, never] = view.faults;
    assert.deepEqual([done?.to, done?.healed, done?.outcome], [20_040, 20_900, "done"]);
    assert.deepEqual([never?.from, never?.to, never?.outcome, never?.detail], [null, null, "not-fired", "why"]);
  });

  it("knows roles over time, what a node last said, and what was captured of it", () => {
    const moved: JournalEvent = { t: 30_000, type: "topology", masters: ["r1"], replicaOf: { m1: "r1" }, reason: "x" };
    const captured = event("evidence", 21_000, { ms: 2_000 });
    const { view } = fixture([moved, state(20_000, "m1", "replica"), captured]);
    const masters = [0, 29_000, 31_000].map((t) => view.topologyAt(t)?.masters[0]);
    assert.deepEqual(masters, ["m1", "m1", "r1"]);
    assert.deepEqual([view.replicaOf, view.ruler, view.isControl("c0")], [{ m1: "r1" }, "operator", true]);
    assert.deepEqual(
      [view.stateAt("m1", 30_000)?.state.role, view.stateAt("m1", 10)?.state.role],
      ["replica", undefined],
    );
    const found = [
      view.captures("r1", 18_000, 19_500),
      view.captures("r1", 18_000, 18_900),
      view.captures("m1", 0, null),
    ];
    assert.deepEqual(found, [[captured], [], []]);
  });
});
