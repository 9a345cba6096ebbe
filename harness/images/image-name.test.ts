import assert from "node:assert/strict";
import { parseImageName, sameRepository, tagNamesVersion, upstreamVersion } from "./image-name.ts";

describe("image names", () => {
  it("come apart into repository, tag and digest", () => {
    assert.deepEqual(parseImageName("redis:7.0.15"), { repository: "redis", tag: "7.0.15", digest: null });
    assert.deepEqual(parseImageName("redis"), { repository: "redis", tag: "latest", digest: null });
    assert.deepEqual(parseImageName("localhost:5000/a/b"), {
      repository: "localhost:5000/a/b",
      tag: "latest",
      digest: null,
    });
    assert.equal(parseImageName("redis@sha256:abc").digest, "sha256:abc");
  });

  it("mean the same repository with and without the official prefix", () => {
    assert.ok(sameRepository("library/redis", "redis"));
    assert.ok(!sameRepository("mine/redis", "redis"));
  });

  it("get their version from a Debian version", () => {
    assert.equal(upstreamVersion("5:7.0.15-1~deb12u10"), "7.0.15");
    assert.equal(upstreamVersion("8.0.1+dfsg1-1~bpo12+1"), "8.0.1");
    assert.equal(upstreamVersion("1.35.0-4+deb12u1+b1"), "1.35.0");
  });

  it("never pass one version off as another", () => {
    for (const tag of ["latest", "7", "7.0", "7.0.15", "v7.0.15"]) assert.ok(tagNamesVersion(tag, "7.0.15"), tag);
    for (const tag of ["7.0.1", "7.2", "7.2.4", "8", "7.0.15.1", "7-alpine", "unstable", "v8", "v", ""]) {
      assert.ok(!tagNamesVersion(tag, "7.0.15"), tag);
    }
  });
});
