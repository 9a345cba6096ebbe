import assert from "node:assert/strict";
import { redis } from "./redis.ts";
import { systemIn, systemOfImage } from "./system-of-image.ts";
import { valkey } from "./valkey.ts";

describe("Valkey", () => {
  it("is Redis with other names for its programs, chosen by the image's own name", () => {
    for (const image of ["valkey/valkey:8.0.1", "valkey:mine", "registry.local:5000/a/valkey-server@sha256:00"]) {
      assert.equal(systemOfImage(image), "redis");
      assert.equal(systemIn(image, redis), valkey, image);
    }
    for (const image of ["redis:7.0.15", "valkey-team/redis:7", "redis:not-valkey"]) {
      assert.equal(systemIn(image, redis), redis, image);
    }
    assert.equal(valkey.name, "redis");
    assert.deepEqual(valkey.launch({ save: "" }).command.slice(0, 1), ["valkey-server"]);
    assert.deepEqual(valkey.launch({ save: "" }).command.slice(-2), ["--save", ""]);
  });

  it("says PRIMARY in its log, which means the same", () => {
    const meaning = (line: string) => valkey.logRules.find((rule) => rule.pattern.test(line))?.meaning;
    // The texts are those in the server of 8.0.1.
    assert.equal(meaning("1:S * Full resync from primary: 7e92b0e2d4c1d6a60c0d9d0f:0"), "full-sync-start");
    assert.equal(meaning("1:S * PSYNC is not possible, initialize RDB channel."), "full-sync-start");
    assert.equal(
      meaning("1:S * PRIMARY <-> REPLICA sync: receiving streamed RDB from primary with EOF to parser"),
      "full-sync-progress",
    );
    assert.equal(meaning("1:S * PRIMARY <-> REPLICA sync: Loading DB in memory"), "restoring");
    assert.equal(meaning("1:S * PRIMARY <-> REPLICA sync: Finished with success"), "full-sync-done");
    assert.equal(meaning("1:S # I/O error trying to sync with PRIMARY: connection lost"), "full-sync-failed");
    assert.equal(meaning("1:M * PRIMARY MODE enabled (user request from 'id=3')"), "full-sync-ended");
    assert.equal(meaning("=== VALKEY BUG REPORT START: Cut & paste starting from here ==="), "crash");
    assert.equal(meaning("1:M # valkey 8.0.1 crashed by signal: 11, si_code: 0"), "crash");
  });
});
