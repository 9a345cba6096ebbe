import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { checks } from "../../checks/registry.ts";
import { faults } from "../../faults/registry.ts";
import { workloads } from "../../load/workloads/registry.ts";
import { formats } from "../../report/registry.ts";
import { findConfig } from "./find-config.ts";
import { loadConfig } from "./load-config.ts";

describe("a config of the user's own", () => {
  let folder: string;
  let number = 0;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-config-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const written = async (text: string): Promise<string> => {
    const file = path.join(folder, `c${number++}.mjs`);
    await writeFile(file, text);
    return file;
  };

  it("is found where it is named, in the environment, or in the folder", async () => {
    assert.equal(findConfig(["list"], {}, folder), undefined);
    const file = path.join(folder, "kvchaos.config.mjs");
    await writeFile(file, "");
    assert.equal(findConfig(["list"], {}, folder), file);
    const other = await written("");
    const name = path.basename(other);
    for (const argv of [["run", "--config", name], [`--config=${name}`]])
      assert.equal(findConfig(argv, {}, folder), other);
    assert.equal(findConfig([], { KVCHAOS_CONFIG: other }, "/"), other);
    for (const argv of [["--config", "none.mjs"], ["--config"]])
      assert.throws(() => findConfig(argv, {}, folder), { code: "usage" });
  });

  for (const [what, text, message] of [
    ["no default export", "export const a = 1;", /expected a default export/],
    [
      "an unknown key",
      "export default { fault: [] };",
      /unknown key "fault"; valid: faults, checks, workloads, reporters/,
    ],
    ["no list", "export default { faults: {} };", /faults: expected a list/],
    [
      "a name that no experiment can write",
      'export default { checks: [{ name: "A b", check() {} }] };',
      /checks\[0\]\.name: expected small letters/,
    ],
    [
      "a check without check",
      'export default { checks: [{ name: "mine" }] };',
      /checks\[0\] \("mine"\): check is missing/,
    ],
    ["a workload without commands", 'export default { workloads: [{ name: "mine" }] };', /source or talk is missing/],
    [
      "what is no function",
      'export default { faults: [{ kind: "mine", inject: 7 }] };',
      /faults\[0\]\.inject: expected a function/,
    ],
    [
      "a name that is taken",
      'export default { faults: [{ kind: "partition", inject() {} }] };',
      /there is "partition" already/,
    ],
    [
      "the same twice",
      'const c = { name: "mine", check() {} }; export default { checks: [c, c] };',
      /checks\[1\]: there is "mine" already/,
    ],
    ["what cannot be read", "export default {", /cannot be loaded: /],
  ] as const) {
    it(`refuses ${what}, and takes in nothing`, async () => {
      const before = [faults.size, checks.size, workloads.size, formats("en").length];
      await assert.rejects(loadConfig(await written(text)), { code: "usage", message });
      assert.deepEqual([faults.size, checks.size, workloads.size, formats("en").length], before);
    });
  }
});
