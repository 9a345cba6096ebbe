import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { hashFile } from "./hash-file.ts";

describe("the hash of a file", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-hash-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const length of [0, 1, 256 * 1024, 256 * 1024 + 1, 1_000_003]) {
    it(`of ${length} bytes is that of all of them at once`, async () => {
      const content = Buffer.from(Array.from({ length }, (_, i) => (i * 31) % 251));
      const file = path.join(folder, String(length));
      await writeFile(file, content);
      const sha256 = createHash("sha256").update(content).digest("hex");
      assert.deepEqual(await hashFile(file), { sha256, bytes: length });
    });
  }

  it("rejects where there is no file", async () => {
    await assert.rejects(hashFile(path.join(folder, "none")), { code: "ENOENT" });
  });
});
