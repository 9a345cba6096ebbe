import assert from "node:assert/strict";
import { Examinations } from "./examinations.ts";

describe("examinations", () => {
  it("tell when our debugger held a node's process, up to now while it still does", () => {
    let now = 100;
    const examinations = new Examinations({ origin: 0n, now: () => now });
    assert.deepEqual(examinations.of("r1"), []);
    const first = examinations.begin("r1");
    now = 150;
    assert.deepEqual(examinations.of("r1"), [{ from: 100, to: 150 }]);
    first();
    now = 200;
    first();
    examinations.begin("r1");
    now = 230;
    assert.deepEqual(examinations.of("r1"), [
      { from: 100, to: 150 },
      { from: 200, to: 230 },
    ]);
    assert.deepEqual(examinations.of("m1"), []);
  });
});
