import assert from "node:assert/strict";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import type { Planned } from "../../testing/plan-fixture.support.ts";
import { condition, event, fixture } from "../../testing/record-fixture.support.ts";
import { slots } from "./slots.ts";

const OWNERS: EventOf<"slot-view">["owners"] = { m1: [[0, 8_191]], m2: [[8_192, 16_383]] };
const NOTHING = { keys: 0, nodes: [], examples: [] };

const topology = event("topology", 1_500, { masters: ["m1", "m2"], replicaOf: { r1: "m1" } });
const view = (node: string, more: Partial<EventOf<"slot-view">> = {}): JournalEvent =>
  ({ type: "slot-view", t: 56_000, node, owners: OWNERS, open: [], ...more }) as JournalEvent;
const keys = (more: Partial<EventOf<"slot-keys">> = {}): JournalEvent =>
  ({
    ...{ type: "slot-keys", t: 57_000, keys: { m1: 10, m2: 10 }, why: null, foreign: [] },
    ...{ doubled: NOTHING, missing: { keys: 0, of: 20, examples: [] }, ...more },
  }) as JournalEvent;
const move = (t: number, step: EventOf<"slot-move">["step"], more: Partial<EventOf<"slot-move">> = {}): JournalEvent =>
  ({ type: "slot-move", t, id: "move", slot: 93, from: "m1", to: "m2", step, keys: 5, ...more }) as JournalEvent;
const views = (...others: JournalEvent[]): JournalEvent[] => {
  const told = others.flatMap((one) => (one.type === "slot-view" ? one.node : []));
  return [...["m1", "m2", "r1"].filter((node) => !told.includes(node)).map((node) => view(node)), ...others];
};

function judge(events: readonly JournalEvent[], experiment: Planned = {}) {
  const result = slots.check(fixture([topology, ...events], { experiment }));
  return { valid: result.valid, why: result.why, found: result.findings.map((one) => `${one.class} ${one.node}`) };
}
const foreign = [{ node: "m1", slot: 9_000, owner: "m2", keys: 3, example: "{x}1" }];

describe("check slots", () => {
  it("passes where every node tells the same, nothing is on its way and every key is where it belongs", () => {
    assert.deepEqual(judge([...views(), keys()]), { valid: true, why: null, found: [] });
    assert.equal(judge([move(20_000, "begin"), move(21_000, "moved"), ...views(), keys()]).valid, true);
  });

  it("does not know without a view, a node's word, or the keys", () => {
    assert.equal(judge([]).valid, "unknown");
    assert.match(judge([view("m1"), view("m2"), keys()]).why ?? "", /r1 did not tell/);
    assert.equal(judge([...views()]).valid, "unknown");
    assert.deepEqual(judge([...views(), keys({ why: "m2 is dead" })]), {
      valid: "unknown",
      why: "m2 is dead",
      found: [],
    });
  });

  it("finds a slot of nobody, of two, and one on which nodes do not agree", () => {
    const hole = { owners: { m1: [[0, 8_190]], m2: [[8_192, 16_383]] } } as const;
    const all = ["m1", "m2", "r1"].map((node) => view(node, hole as never));
    assert.deepEqual(judge([...all, keys()]).found, ["unassigned m1"]);
    const own = { owners: { m1: [[0, 8_190]], m2: [[8_191, 16_383]] } } as never;
    assert.deepEqual(judge([...views(view("m2", own)), keys()]).found, ["two-owners m2"]);
    assert.deepEqual(judge([...views(view("r1", own)), keys()]).found, ["disagreement r1"]);
  });

  it("a slot that is still on its way is found only where the operator has closed it", () => {
    const open = { open: [{ slot: 93, state: "migrating" }] } as never;
    const still = [...views(view("m1", open)), keys()];
    assert.equal(judge([move(20_000, "begin"), move(30_000, "left-open"), ...still]).valid, "unknown");
    assert.deepEqual(judge([move(20_000, "begin"), move(46_000, "moved"), ...still]).found, ["open m1"]);
    assert.deepEqual(judge([move(20_000, "begin"), move(46_000, "rolled-back"), ...still]).found, ["open m1"]);
  });

  it("finds a migration that a server would not do with nothing in its way", () => {
    const failed = [move(20_000, "begin"), move(21_000, "left-open", { refused: true, detail: "MOVED wrong slot" })];
    const after = [move(46_000, "moved"), ...views(), keys()];
    assert.deepEqual(judge([...failed, ...after]).found, ["migration-failed m1"]);
    const again = move(44_000, "left-open", { refused: true, detail: "MOVED wrong slot" });
    assert.deepEqual(judge([...failed, again, ...after]).found, ["migration-failed m1"]);
    const other = (step: "inject" | "injected" | "healed", t: number) =>
      event("fault", t, { id: "cut", fault: "partition", step, targets: ["m1 -> m2"] });
    const hindered = [other("inject", 20_100), other("injected", 20_200), other("healed", 25_000)];
    assert.deepEqual(judge([...failed, ...hindered, ...after]).found, []);
    const unasked = [move(20_000, "begin"), move(21_000, "left-open", { refused: false }), ...after];
    assert.equal(judge(unasked).valid, true);
  });

  it("finds keys where they do not belong, on two masters, and nowhere", () => {
    assert.deepEqual(judge([...views(), keys({ foreign })]).found, ["foreign-keys m1"]);
    const doubled = { keys: 2, nodes: ["m1", "m2"], examples: ["{x}1", "{x}2"] };
    assert.deepEqual(judge([...views(), keys({ doubled })]).found, ["doubled-keys null"]);
    assert.deepEqual(judge([...views(), keys({ missing: { keys: 1, of: 20, examples: ["{x}1"] } })]).found, [
      "lost-keys null",
    ]);
    assert.equal(judge([...views(), keys({ missing: null })]).valid, true);
  });

  it("excuses what a master that was interrupted meanwhile may have lost, unless nothing may be lost", () => {
    const died: JournalEvent[] = [
      event("fault", 25_000, { id: "k", fault: "kill", step: "inject", targets: [] }),
      event("fault", 25_100, { id: "k", fault: "kill", step: "injected", targets: ["m2"] }),
      event("fault", 30_000, { id: "k", fault: "kill", step: "healed", targets: [] }),
      condition(25_100, "m2", "down"),
      condition(30_000, "m2", "healthy"),
    ];
    const run = [move(20_000, "begin"), ...died, move(46_000, "moved"), ...views(), keys({ foreign })];
    const { valid, why, found } = judge(run);
    assert.deepEqual([valid, found], [true, []]);
    assert.match(
      why ?? "",
      /m1 has 3 keys of slot 9000, which is m2's.*m2 replaced another master, or was interrupted/,
    );
    assert.deepEqual(judge(run, { losses: "none" }).found, ["foreign-keys m1"]);
  });
});
