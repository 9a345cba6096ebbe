import assert from "node:assert/strict";
import { fewest } from "../shrink/fewest.ts";
import { Ahead, upcoming } from "./ahead.ts";
import { firstChange } from "./first-change.ts";

describe("work that is begun ahead", () => {
  it("is begun once, and given up when it is not asked for any more", async () => {
    const log: string[] = [];
    const ahead = new Ahead(async (key, unneeded) => {
      log.push(`+${key}`);
      if (key === "b") await new Promise<void>((done) => unneeded.addEventListener("abort", () => done()));
      if (unneeded.aborted) log.push(`-${key}`);
      return key;
    });
    await ahead.expect(["a", "b"]);
    assert.equal(await ahead.get("a"), "a");
    await ahead.expect(["c"]);
    assert.deepEqual(log, ["+a", "+b", "+c", "-b"]);
  });

  it("is what a search asks for when the next answers are as guessed", () => {
    const ends = () => firstChange(9);
    assert.deepEqual(upcoming(ends, [], ["fail", "pass"], 1), [0]);
    assert.deepEqual(upcoming(ends, [], ["fail", "pass"], 3), [0, 8, 4]);
    assert.deepEqual(upcoming(ends, ["pass", "fail"], ["fail", "pass"], 3), [4, 2, 6]);
    assert.deepEqual(upcoming(ends, ["pass", "pass"], ["fail", "pass"], 3), [], "it is over");
    const four = () => fewest(["a", "b", "c", "d"]);
    assert.deepEqual(upcoming(four, [], [false], 3), [[], ["c", "d"], ["a", "b"]]);
    assert.deepEqual(upcoming(four, [false, true], [false], 2), [["d"], ["c"]]);
  });
});
