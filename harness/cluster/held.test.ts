import assert from "node:assert/strict";
import { HeldKinds } from "./held.ts";

describe("what faults hold a node to", () => {
  it("is the least of what is held, and in the end as it was before the first", async () => {
    const set: (number | null)[] = [];
    let looks = 0;
    const look = async () => {
      looks++;
      return async (least: number | null) => void set.push(least);
    };
    const one = new HeldKinds();
    await one.of("cpu", look).hold("a", 0.5);
    await one.of("cpu", look).hold("b", 0.2);
    await one.of("cpu", look).hold("c", 0.3);
    await one.of("cpu", look).letGo("b");
    await one.of("cpu", look).letGo("a");
    await one.of("cpu", look).letGo("c");
    assert.deepEqual(set, [0.5, 0.2, 0.2, 0.3, 0.3, null]);
    assert.equal(looks, 1);
    await one.of("cpu", look).letGo("c");
    assert.equal(set.length, 6);
    await one.of("cpu", look).hold("d", 1);
    assert.equal(looks, 2, "looks again: it may be another way by now");
  });

  it("is held by nodes and kinds apart", async () => {
    const set: string[] = [];
    const look = (name: string) => async () => async (least: number | null) => void set.push(`${name} ${least}`);
    const [one, other] = [new HeldKinds(), new HeldKinds()];
    await one.of("cpu", look("one cpu")).hold("a", 1);
    await one.of("memory", look("one memory")).hold("a", 2);
    await other.of("cpu", look("other cpu")).hold("a", 3);
    assert.deepEqual(set, ["one cpu 1", "one memory 2", "other cpu 3"]);
  });

  it("can be let go when it could not be set", async () => {
    const set: (number | null)[] = [];
    const held = new HeldKinds().of("cpu", async () => async (least) => {
      if (least === 1) throw new Error("refused");
      set.push(least);
    });
    await assert.rejects(held.hold("a", 1), /refused/);
    await held.letGo("a");
    assert.deepEqual(set, [null]);
  });
});
