import assert from "node:assert/strict";
import { Claims } from "./claims.ts";

describe("claims", () => {
  it("hold a node until every fault that claimed it is healed; down wins over paused", () => {
    const claims = new Claims();
    claims.add("a", "r1", "paused");
    claims.add("b", "r1", "down");
    assert.equal(claims.of("r1"), "down");
    claims.release("b");
    assert.equal(claims.of("r1"), "paused");
    claims.release("a");
    assert.equal(claims.of("r1"), null);
  });

  it("of a node that is never started again outlive the heal", () => {
    const claims = new Claims();
    claims.add("k", "r1", "down", true);
    claims.release("k");
    assert.equal(claims.of("r1"), "down");
    assert.deepEqual(claims.abandoned(), ["r1"]);
  });

  it("can be given back one by one", () => {
    const claims = new Claims();
    const release = claims.add("r", "r1", "down");
    release();
    assert.equal(claims.of("r1"), null);
  });
});
