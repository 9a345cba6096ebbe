import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { registries } from "../experiment/catalogue.ts";
import { loadExperiment } from "../experiment/load.ts";
import { kvchaos, runFolders } from "./kvchaos-process.ts";

const CONTROLS = path.join(import.meta.dirname, "../../experiments/redis/controls");

describe("controls: runs that must fail, each with exactly its own finding", function () {
  this.timeout(120_000);

  for (const name of readdirSync(CONTROLS).filter((file) => file.endsWith(".yaml"))) {
    it(name, async () => {
      const file = path.join(CONTROLS, name);
      const { expect } = await loadExperiment(file, registries);
      assert.ok(expect?.class, "a control says what must be found");
      const reports = await mkdtemp(path.join(tmpdir(), "kvchaos-controls-"));
      try {
        const { code, stderr } = await kvchaos(["run", file, "--image", "redis:7.0.15", "--reports", reports]);
        assert.equal(code, 1, stderr);
        const [run] = await runFolders(reports);
        const { findings } = JSON.parse(await readFile(path.join(reports, run ?? "", "result.json"), "utf8"));
        const found = findings.map((finding: { type: string; class: string }) => `${finding.type}/${finding.class}`);
        assert.deepEqual(found, [`${expect.finding.join()}/${expect.class}`], stderr);
      } finally {
        await rm(reports, { recursive: true, force: true });
      }
    });
  }
});
