import assert from "node:assert/strict";
import fc from "fast-check";
import { firstChange, type Outcome } from "./first-change.ts";

function search(row: readonly Outcome[]) {
  const asked: number[] = [];
  const steps = firstChange(row.length);
  let step = steps.next();
  while (!step.done) {
    asked.push(step.value);
    step = steps.next(row[step.value] as Outcome);
  }
  return { change: step.value, asked };
}

describe("the first version that passes or fails", () => {
  it("is found wherever it is, in a logarithm of the versions", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.boolean(), (count, pick, better) => {
        const at = 1 + (pick % (count - 1));
        const [old, now]: [Outcome, Outcome] = better ? ["fail", "pass"] : ["pass", "fail"];
        const { change, asked } = search(Array.from({ length: count }, (_, i) => (i < at ? old : now)));
        assert.deepEqual(change, { before: at - 1, after: at, now });
        assert.ok(asked.length <= 3 + Math.log2(count), `${asked.length} of ${count}`);
        assert.equal(new Set(asked).size, asked.length);
      }),
    );
  });

  it("is none where both ends are alike, and only these are asked", () => {
    assert.deepEqual(search(["fail", "fail", "fail", "fail"]), { change: null, asked: [0, 3] });
  });

  it("needs two versions", () => {
    assert.throws(() => firstChange(1).next(), { code: "internal" });
  });
});
