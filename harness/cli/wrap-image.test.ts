import assert from "node:assert/strict";
import { versionWarning } from "./wrap-image.ts";

describe("the version in an image's tag", () => {
  it("is compared with what the server says, where the tag has one", () => {
    for (const [image, version] of [
      ["redis:7.0.15", "7.0.15"],
      ["redis:7.0", "7.0.15"],
      ["me/kvrocks:v2.9.0-mine", "2.9.0"],
      ["localhost:5000/pika:mine", "3.5.2"],
      ["redis", "7.0.15"],
      ["pika:3.5.2", "v3.5.2"],
    ] as const) {
      assert.equal(versionWarning(image, version), null, image);
    }
    assert.match(versionWarning("redis:7.0.1", "7.0.15") ?? "", /says 7\.0\.1, and the server says 7\.0\.15/);
    assert.match(versionWarning("kvrocks:2.9.0", "unstable") ?? "", /says 2\.9\.0, and the server says unstable/);
    assert.match(versionWarning("redis:7.0.1", null) ?? "", /does not tell its version/);
  });
});
