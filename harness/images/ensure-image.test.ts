import assert from "node:assert/strict";
import { once } from "node:events";
import type { ImageInfo } from "../docker/engine-types.ts";
import { type EnsureImageOptions, ensureImage, imageAvailability } from "./ensure-image.ts";
import type { ImageRecipe } from "./image-recipe.ts";

const recipe: ImageRecipe = {
  entrypoint: ["/x"],
  command: [],
  binaryPath: "/x",
  user: { name: "root", uid: 0, runAs: "image" },
  ports: [],
  volumes: [],
  workingDirectory: "/",
  environment: {},
  files: [],
  source: { kind: "none", hint: "Build it yourself." },
};
const info: ImageInfo = { id: "sha256:1", digest: "sha256:1", size: 1, tags: ["a:1"], labels: {} };

type Fake = EnsureImageOptions["engine"] & { pulls: string[] };
function fakeEngine(local: boolean, pullImage: EnsureImageOptions["engine"]["pullImage"]): Fake {
  let here = local;
  const pulls: string[] = [];
  return {
    pulls,
    inspectImage: async () => (here ? info : null),
    pullImage: async (name, options) => {
      pulls.push(name);
      await pullImage(name, options);
      here = true;
    },
    importImage: async () => {
      throw new Error("nothing must be imported");
    },
  };
}
const never: Fake["pullImage"] = async (_, options) => {
  await once(options?.signal as AbortSignal, "abort");
  throw options?.signal?.reason;
};
const log = () => {};

describe("ensuring an image", () => {
  it("asks no registry when the image is local", async () => {
    const engine = fakeEngine(true, never);
    assert.equal((await ensureImage({ engine, name: "a:1", recipe, log })).origin, "local");
    assert.deepEqual(engine.pulls, []);
  });

  it("pulls what is not local, and says so", async () => {
    const lines: string[] = [];
    const engine = fakeEngine(false, async (_, options) => {
      options?.onProgress?.({ layer: "", status: "Pulling", current: null, total: null });
    });
    const result = await ensureImage({ engine, name: "a:1", recipe, log: (line) => lines.push(line) });
    assert.equal(result.origin, "pulled");
    assert.deepEqual(lines, ["pulling a:1"]);
  });

  it("gives up on a silent registry, and tells why neither way worked", async () => {
    const engine = fakeEngine(false, never);
    await assert.rejects(
      ensureImage({ engine, name: "a:1", recipe, log, registrySilence: 20 }),
      (error: Error & { hint?: string; code?: string }) => {
        assert.equal(error.code, "infrastructure");
        assert.match(error.message, /no image a:1: not pulled \(no registry answered within 0\.02 s\).*cannot be made/);
        assert.equal(error.hint, "Build it yourself.");
        return true;
      },
    );
  });

  it("stops with the caller's reason while it pulls", async () => {
    const stop = new AbortController();
    const work = ensureImage({ engine: fakeEngine(false, never), name: "a:1", recipe, log, signal: stop.signal });
    setImmediate(() => stop.abort(new Error("enough")));
    await assert.rejects(work, /enough/);
  });

  it("never pulls a name that is kvchaos's own", async () => {
    const engine = fakeEngine(false, async () => {});
    await assert.rejects(ensureImage({ engine, name: "kvchaos/a:1", recipe, log }), /kvchaos makes this image itself/);
    assert.deepEqual(engine.pulls, []);
  });
});

describe("where an image would come from", () => {
  const here = { inspectImage: async () => info };
  const absent = { inspectImage: async () => null };
  const go: ImageRecipe = {
    ...recipe,
    source: { kind: "go", repository: "kvchaos/a", module: "example.invalid/a", version: "2.0.0", ldflags: "" },
  };

  it("is this machine when it is local", async () => {
    assert.equal((await imageAvailability(here, "a:1", recipe)).state, "local");
  });

  it("is at best a registry when it cannot be made", async () => {
    const found = await imageAvailability(absent, "a:1", recipe);
    assert.equal(found.state, "pullable?");
    assert.match(found.reason, /Build it yourself/);
  });

  it("is nowhere for another version of an image that only kvchaos makes", async () => {
    assert.equal((await imageAvailability(absent, "kvchaos/a:1.0.0", go)).state, "no");
  });
});
