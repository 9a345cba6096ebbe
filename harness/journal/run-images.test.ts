import assert from "node:assert/strict";
import { imagesText } from "./run-images.ts";

describe("the images of a run in words", () => {
  it("names the nodes that run on another one", () => {
    const image = "redis:7";
    assert.equal(imagesText({ image }), "redis:7");
    const nodes = { m1: "valkey:8", r1: "valkey:8", r2: "redis:7" };
    assert.equal(imagesText({ image, nodes }), "m1, r1: valkey:8; all others: redis:7");
    assert.equal(imagesText({ image, nodes: { m1: "redis:7", r1: "redis:7" } }), "redis:7");
  });
});
