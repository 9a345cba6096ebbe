import assert from "node:assert/strict";
import type { ImageRecipe } from "./image-recipe.ts";
import { makeImage } from "./make-image.ts";

const base = {
  entrypoint: ["/x"],
  command: [],
  binaryPath: "/x",
  user: { name: "root", uid: 0, runAs: "image" },
  ports: [],
  volumes: [],
  workingDirectory: "/",
  environment: {},
  files: [],
  shell: "none",
} satisfies Partial<ImageRecipe>;
const go: ImageRecipe = {
  ...base,
  source: { kind: "go", repository: "kvchaos/x", module: "example.invalid/x", version: "2.12.0", ldflags: "" },
};
const engine = {
  importImage: async () => {
    throw new Error("nothing must be imported");
  },
};
const make = (name: string, recipe: ImageRecipe) => makeImage({ engine, recipe, name, log: () => {} });

describe("making an image", () => {
  it("never makes another version than the name says", async () => {
    await assert.rejects(make("kvchaos/x:2.11.0", go), (error: Error & { hint?: string }) => {
      assert.match(error.message, /kvchaos\/x:2\.11\.0 cannot be made here: .* is version 2\.12\.0/);
      assert.match(error.hint ?? "", /kvchaos\/x:2\.12\.0/);
      return true;
    });
  });

  it("never makes one under somebody else's name, or with a digest", async () => {
    await assert.rejects(make("other/x:2.12.0", go), /only kvchaos\/x can be made, not other\/x/);
    await assert.rejects(make("kvchaos/x@sha256:00", go), /digest can only be pulled/);
  });

  it("gives the recipe's hint when there is nothing to make it from", async () => {
    const none: ImageRecipe = { ...base, source: { kind: "none", hint: "Build it." } };
    await assert.rejects(make("a:1", none), { message: "image a:1 cannot be made here", hint: "Build it." });
  });
});
