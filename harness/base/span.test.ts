import assert from "node:assert/strict";
import { covered, joinSpans } from "./span.ts";

describe("spans of time", () => {
  it("cover of a stretch what lies in any of them, each moment once", () => {
    const spans = [
      { from: 50, to: 70 },
      { from: 0, to: 20 },
      { from: 10, to: 30 },
    ];
    assert.equal(covered(spans, { from: 5, to: 60 }), 35);
    assert.equal(covered(spans, { from: 30, to: 50 }), 0);
    assert.equal(covered([], { from: 0, to: 9 }), 0);
  });

  it("are joined without counting a moment twice", () => {
    const joined = joinSpans(
      [
        { from: 10, to: 20 },
        { from: 40, to: 50 },
      ],
      [
        { from: 15, to: 30 },
        { from: 50, to: 60 },
        { from: 0, to: 5 },
      ],
    );
    assert.deepEqual(joined, [
      { from: 0, to: 5 },
      { from: 10, to: 30 },
      { from: 40, to: 60 },
    ]);
    assert.equal(covered(joined, { from: 0, to: 100 }), 45);
  });
});
