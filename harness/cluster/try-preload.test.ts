import assert from "node:assert/strict";
import { judgePreload } from "./try-preload.ts";

describe("whether the library that sees locks can be loaded", () => {
  it("is told in one line, with what may be the reason", () => {
    const ended =
      "the server in x ended with exit code 127 before it answered PING; it said:\n  Error relocating a.so:\n  no";
    assert.equal(judgePreload(["sh", "redis-server"], "redis-server", null), null);
    assert.equal(judgePreload(["sh", "a-name-that-is-"], "a-name-that-is-long", null), null);
    assert.equal(
      judgePreload(["sh"], "redis-server", null),
      "redis-server does not load a preloaded library: it is static, or gets rights by itself (setuid)",
    );
    assert.equal(
      judgePreload([], "redis-server", null),
      "no program of the image loads a preloaded library: they are static, or made for another architecture",
    );
    assert.equal(
      judgePreload([], "redis-server", ended),
      "with a preloaded library its server does not start, as with another C library than glibc or on another architecture: " +
        "the server in x ended with exit code 127 before it answered PING; it said: Error relocating a.so: no",
    );
  });
});
