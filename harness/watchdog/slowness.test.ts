import assert from "node:assert/strict";
import { slowBound } from "./slowness.ts";

describe("calibrated bound for slow answers", () => {
  it("is twenty times the 99th percentile of warm-up, and never below 200 ms", () => {
    assert.equal(slowBound([]), 200);
    assert.equal(slowBound(Array.from({ length: 200 }, () => 1)), 200);
    assert.equal(slowBound(Array.from({ length: 200 }, () => 30)), 600);
    assert.equal(slowBound([...Array.from({ length: 999 }, () => 1), 5000]), 200);
  });
});
