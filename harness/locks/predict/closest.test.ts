import assert from "node:assert/strict";
import { closest } from "./closest.ts";

describe("how close events came", () => {
  it("is the shortest span with one of each", () => {
    assert.equal(
      closest([
        [0, 100],
        [130, 400],
      ]),
      30,
    );
    assert.equal(closest([[0, 100], [130, 400], [390]]), 290);
    assert.equal(closest([[5], [5]]), 0);
    assert.equal(closest([[5], []]), null);
    assert.equal(closest([]), null);
  });
});
