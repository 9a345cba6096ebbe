import assert from "node:assert/strict";
import { slotOf } from "../../cluster/slots.ts";
import type { JournalEvent } from "../../journal/events.ts";
import { event, fixture } from "../../testing/record-fixture.support.ts";
import { Masters } from "./masters.ts";

describe("masters of a load's keys", () => {
  const SHARDS = event("topology", 1_000, { masters: ["m1", "m2"], replicaOf: { r1: "m1", r2: "m2" } });
  const history = (load: string, prefix: string): JournalEvent => ({
    ...{ type: "history", t: 2_000, step: "begin", load, files: [], nodes: ["m1", "m2", "r1", "r2"] },
    shape: { type: "string", prefix, keys: 10, elements: 1 },
  });
  const leaves = (slot: number): JournalEvent => ({
    ...{ type: "load-moved", t: 20_000, load: "set-shard1", slot, from: "m1", to: "m2" },
  });
  const [moved, stays] = ["{s2}set:", "{s6}set:"].map((prefix) => ({ prefix, slot: slotOf(prefix) }));
  const of = (more: readonly JournalEvent[], load: string) =>
    new Masters(fixture([SHARDS, ...more], { without: ["topology"] }), load);

  it("follow the one slot that was moved, and not the others of the same load", () => {
    const names = [`set-shard1-slot${moved?.slot}`, `set-shard1-slot${stays?.slot}`];
    const told = [
      history(names[0] ?? "", moved?.prefix ?? ""),
      history(names[1] ?? "", stays?.prefix ?? ""),
      leaves(moved?.slot ?? 0),
    ];
    const [gone, here] = names.map((name) => of(told, name));
    assert.deepEqual([gone?.isMoved, here?.isMoved], [true, false]);
    assert.deepEqual([gone?.movedTo, here?.movedTo], [[1], []]);
    // Whoever did an operation of what was moved: it is one and the same dataset.
    assert.deepEqual([gone?.shardAt("m1", 5_000), gone?.shardAt("m2", 30_000), here?.shardAt("m2", 30_000)], [0, 0, 1]);
    assert.deepEqual([...(gone?.members ?? [])], [["m2", 0]]);
    assert.deepEqual([...(here?.members ?? [])].sort(), [
      ["m1", 0],
      ["m2", 1],
      ["r1", 0],
      ["r2", 1],
    ]);
  });

  it("know that a slot may have been at the other end from the beginning of its migration on", () => {
    const begin = (slot: number): JournalEvent => ({
      ...{ type: "slot-move", t: 15_000, step: "begin", slot, from: "m1", to: "m2", id: "move", keys: 0 },
    });
    const name = `set-shard1-slot${moved?.slot}`;
    const own = history(name, moved?.prefix ?? "");
    assert.equal(of([own, begin(moved?.slot ?? 0)], name).isMoved, true);
    assert.equal(of([own, begin(stays?.slot ?? 0)], name).isMoved, false);
  });

  it("in an older journal all of a shard's part of a load was in one slot", () => {
    const move = leaves(moved?.slot ?? 0);
    const masters = of([history("set-shard1", moved?.prefix ?? ""), move], "set-shard1");
    assert.deepEqual([masters.isMoved, masters.movedTo], [true, [1]]);
  });
});
