import assert from "node:assert/strict";
import { planned } from "../testing/load-fixture.support.ts";
import { slotsOfLoad, slotsOfPreload } from "./in-slots.ts";

describe("slots in which keys are", () => {
  const of = (more: object) => slotsOfLoad({ ...planned("set"), keys: 1000, rate: 100, connections: 16, ...more }, 3);

  it("are eight of each shard, or as many as there are keys", () => {
    assert.deepEqual([of({}), of({ connections: 2 }), of({ keys: 3 })], [8, 8, 3]);
    // Keys of each type in every one.
    const types = ["string", "list", "set", "zset", "hash"] as const;
    const preload = (keys: number, slots?: number) => slotsOfPreload({ keys, types: [...types], slots });
    assert.deepEqual([preload(1000), preload(14), preload(1), preload(1000, 1)], [8, 3, 1, 1]);
  });

  it("are no more than connections where these make the rate, and fewer where clients wait for each other", () => {
    assert.deepEqual([of({ rate: null }), of({ rate: null, connections: 48 })], [5, 8]);
    for (const workload of ["queue", "stream", "commands"])
      assert.deepEqual([of({ workload }), of({ workload, connections: 48 })], [1, 4]);
    assert.equal(of({ workload: "transaction" }), 8);
  });

  it("are those that are asked for", () => {
    assert.deepEqual([of({ slots: 12 }), of({ workload: "queue", slots: 12 })], [12, 12]);
  });
});
