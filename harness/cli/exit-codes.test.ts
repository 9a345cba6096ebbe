import assert from "node:assert/strict";
import { exitOfNight } from "./exit-codes.ts";

describe("the exit code of a night", () => {
  const cases = [
    [["pass", "known-bug", "skipped"], 0],
    [["pass", "fail", "inconclusive"], 1],
    [["known-bug", "not-reproduced"], 1],
    [["pass", "inconclusive"], 2],
    [["fail", "error"], 4],
    [["pass", "not-run"], 4],
    [["skipped", "skipped"], 2],
    [[], 2],
  ] as const;
  for (const [outcomes, code] of cases) {
    it(`${outcomes.join(", ") || "nothing at all"}: ${code}`, () => assert.equal(exitOfNight(outcomes, 0), code));
  }

  it("is infrastructure's when a part of it never reported", () => {
    assert.equal(exitOfNight(["pass"], 1), 4);
  });
});
