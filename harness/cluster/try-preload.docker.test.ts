import assert from "node:assert/strict";
import { CleanupScope } from "../base/scope.ts";
import { connectEngine } from "../docker/engine.ts";
import { wrapImage } from "../images/wrap-image.ts";
import { makeLibrary, missingForLibrary } from "../locks/library/make-library.ts";
import { LockFolder } from "../locks/lock-folder.ts";
import { redis } from "../systems/redis.ts";
import { compile } from "../testing/program.support.ts";
import { skip } from "../testing/skip.support.ts";
import { preloadRefusal } from "./try-preload.ts";

describe("the library that sees locks in an image", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const { signal } = new AbortController();
  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  /** Of a server that is made so. */
  async function refusal(name: string, flags: readonly string[]): Promise<string | null> {
    const engine = await connectEngine();
    const program = (await compile("lock-server.c", flags)) ?? assert.fail("no compiler");
    scope.defer("remove the program", () => program.remove());
    const tag = `kvchaos-test/preload-${process.pid}:${name}`;
    scope.defer(`remove ${tag}`, () => engine.removeImage(tag, { force: true }));
    await wrapImage({ engine, recipe: redis.recipe, binary: program.path, tag, log: () => {} });
    const library = await makeLibrary();
    const make = (runId: string) => LockFolder.make(runId, "server", library, 0);
    return preloadRefusal(engine, redis, tag, { library: { hash: library.hash, make }, signal });
  }

  before(function () {
    const missing = missingForLibrary();
    if (missing !== null) skip(this, missing);
  });

  it("is loaded by a server that is linked as usual", async () => {
    assert.equal(await refusal("usual", []), null);
  });

  it("is not by a static one, which is told", async () => {
    assert.match((await refusal("static", ["-static"])) ?? "", /^(redis-server does|no program of the image) /);
  });
});
