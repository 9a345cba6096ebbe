import assert from "node:assert/strict";
import { formatTime } from "./units.ts";

describe("a span in words", () => {
  it("never has sixty seconds", () => {
    assert.deepEqual([0, 4_249, 59_940, 59_960, 83_456, 119_600, 3_599_700].map(formatTime), [
      "0.0 s",
      "4.2 s",
      "59.9 s",
      "1:00 min",
      "1:23 min",
      "2:00 min",
      "60:00 min",
    ]);
  });
});
