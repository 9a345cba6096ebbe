import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { readVerified, Today, VERIFIED } from "./verified-file.ts";

describe("experiments/VERIFIED.md", () => {
  it("is as runs have made it, and names experiments that exist", async () => {
    const runs = await readVerified(VERIFIED);
    assert.ok(runs.length >= 2, "some controls have been run");
    const today = new Today();
    for (const { experiment } of runs) {
      assert.ok(await today.has(experiment), `${experiment} is gone: npx kvchaos verified drops its runs`);
    }
  });

  it("would be refused with one digit changed", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-verified-"));
    try {
      const file = path.join(folder, "VERIFIED.md");
      const text = await readFile(VERIFIED, "utf8");
      await writeFile(
        file,
        text.replace(/"after":(\d)/, (_, digit) => `"after":${(Number(digit) % 9) + 1}`),
      );
      await assert.rejects(readVerified(file), /does not have its hash/);
      assert.deepEqual(await readVerified(path.join(folder, "none.md")), []);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("knows no experiment outside of the catalogue", async () => {
    const today = new Today();
    assert.equal(await today.has("../package.json"), false);
    assert.equal(await today.has("any/none.yaml"), false);
    assert.equal(await today.has("any/quickstart.yaml"), true);
  });
});
