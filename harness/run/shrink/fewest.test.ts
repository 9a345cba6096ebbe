import assert from "node:assert/strict";
import fc from "fast-check";
import { fewest } from "./fewest.ts";

/** Asks `fails` about every candidate, as a runner would. */
function shrink(
  all: readonly string[],
  fails: (some: readonly string[]) => boolean,
  closed?: Parameters<typeof fewest>[1],
) {
  const candidates: string[] = [];
  const steps = fewest(all, closed);
  let step = steps.next();
  while (!step.done) {
    candidates.push(step.value.join(","));
    step = steps.next(fails(step.value));
  }
  return { left: step.value, candidates };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `f${i}`);

describe("the fewest faults that still fail", () => {
  it("are exactly those that are needed, in their order, whichever these are", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(fc.nat(39), { maxLength: 5 }), (count, picks) => {
        const all = names(count);
        const needed = all.filter((_, i) => picks.includes(i));
        const { left } = shrink(all, (some) => needed.every((one) => some.includes(one)));
        assert.deepEqual(left, needed);
      }),
    );
  });

  it("are found in far fewer tries than there are subsets, none of them twice", () => {
    const { left, candidates } = shrink(names(64), (some) => ["f3", "f50"].every((one) => some.includes(one)));
    assert.deepEqual(left, ["f3", "f50"]);
    assert.equal(new Set(candidates).size, candidates.length);
    assert.ok(candidates.length < 60, `${candidates.length} tries`);
  });

  it("are none at all when it fails without any", () => {
    assert.deepEqual(
      shrink(names(9), () => true),
      { left: [], candidates: [""] },
    );
  });

  it("are all of them when each is needed", () => {
    const all = names(5);
    assert.deepEqual(shrink(all, (some) => some.length === all.length).left, all);
  });

  it("never have a fault without the one that it waits for", () => {
    const needs = new Map([["f4", "f1"]]);
    const closed = (some: readonly string[]) => some.filter((one) => some.includes(needs.get(one) ?? one));
    const { left, candidates } = shrink(names(6), (some) => some.includes("f4"), closed);
    assert.deepEqual(left, ["f1", "f4"]);
    for (const candidate of candidates) assert.ok(!candidate.includes("f4") || candidate.includes("f1"), candidate);
  });
});
