import assert from "node:assert/strict";
import { lockGraph, type SaidDependency } from "../../testing/locks/lock-graph.support.ts";
import { KeptStacks } from "./kept-stacks.ts";

/** Number of the stack of where the last one's first thread took what it holds, outermost first. */
function held(...dependencies: SaidDependency[]): (number | null)[] {
  const { graph } = lockGraph({ threads: ["cron", "check"], dependencies });
  const kept = new KeptStacks(graph.dependencies);
  const { thread, holds } = graph.dependencies.at(-1) ?? assert.fail();
  return holds.map((use, i) => kept.find(thread, holds.slice(0, i), use));
}

describe("the stack that shows where a lock was taken", () => {
  const cron: SaidDependency = { by: [1], wants: "A:r in Lock", stack: 1 };
  const holding: SaidDependency = { by: [1], holds: ["A:r in Lock"], wants: "B" };

  it("is one of the same thread, with the same locks before it", () => {
    const check: SaidDependency = { by: [2], wants: "A:r in Lock", stack: 2 };
    assert.deepEqual(held(check, cron, holding), [1]);
    assert.deepEqual(held(check, holding), [null]);
    const nested: SaidDependency = { by: [1], holds: ["C in Open"], wants: "A:r in Lock", stack: 3 };
    assert.deepEqual(held(nested, cron, holding), [1]);
    assert.deepEqual(held(nested, holding), [3], "C was given back since");
    assert.deepEqual(held(cron, nested, { by: [1], holds: ["C in Open", "A:r in Lock"], wants: "B" }), [null, 3]);
  });

  it("is one of another lock that was taken there, where its own was not kept", () => {
    assert.deepEqual(held({ ...cron, wants: "D:r in Lock" }, { ...cron, stack: undefined }, holding), [1]);
    assert.deepEqual(held({ ...cron, wants: "A:w in Lock" }, holding), [null], "another mode");
    assert.deepEqual(held({ ...cron, wants: "A:r in Read" }, holding), [null], "another call");
  });
});
