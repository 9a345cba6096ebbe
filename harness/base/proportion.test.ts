import assert from "node:assert/strict";
import { proportion, proportionText } from "./proportion.ts";

describe("a proportion", () => {
  // Values of Wilson's interval as the textbooks print them (n = 10 and 3, 95 %).
  const known = [
    [5, 10, 0.2366, 0.7634],
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [2, 3, 0.2077, 0.9385],
    [0, 3, 0, 0.5615],
  ] as const;
  for (const [k, n, low, high] of known) {
    it(`${k} of ${n} has Wilson's interval`, () => {
      const found = proportion(k, n);
      assert.ok(Math.abs(found.low - low) < 1e-4 && Math.abs(found.high - high) < 1e-4, JSON.stringify(found));
    });
  }

  it("of nothing tells nothing", () => {
    assert.deepEqual(proportion(0, 0), { k: 0, n: 0, low: 0, high: 1 });
    assert.equal(proportionText(proportion(0, 0)), "0 of 0");
  });

  it("is told with its interval", () => {
    assert.equal(proportionText(proportion(2, 3)), "2 of 3 (95 %: 21 % to 94 %)");
  });
});
