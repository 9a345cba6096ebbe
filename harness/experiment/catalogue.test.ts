import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registries } from "./catalogue.ts";
import { CATALOGUE, CATALOGUE_FILE, isExperimentName, readKnownBugs, standsFor } from "./known-bugs.ts";
import { makePlan } from "./plan.ts";
import { readPlan, writePlan } from "./plan-file.ts";
import { readExperiment } from "./read-experiment.ts";
import { hiddenPlan } from "./secrets.ts";

const folder = fileURLToPath(new URL("../../experiments/", import.meta.url));
const files = (readdirSync(folder, { recursive: true }) as string[]).filter(isExperimentName).sort();

describe("the catalogue", () => {
  it("has experiments", () => {
    assert.ok(files.includes("any/quickstart.yaml"));
    assert.ok(files.filter((name) => name.startsWith("redis/controls/")).length >= 7);
  });

  for (const file of files) {
    it(`${file} is valid, and its plan can be written and replayed`, async () => {
      const experiment = await readExperiment(join(folder, file), registries);
      const plan = makePlan(experiment, "1", await registries.readShape(experiment.cluster), registries);
      assert.deepEqual(readPlan(writePlan(plan), "plan.yaml", registries), hiddenPlan(plan));
      assert.ok(experiment.why, "every experiment of the catalogue says why it should fail");
      if (experiment.images.affected !== undefined) {
        assert.ok(experiment.expect, "an affected image shows something: expect says what");
        assert.ok(experiment.timeToFinding, "and time-to-finding after how long");
        // A bug that nobody has reported yet has a row of its own, which is named by a tag.
        const rows = (await readKnownBugs(CATALOGUE)).filter((bug) => standsFor(experiment, bug));
        assert.ok(experiment.issue !== null || rows.length > 0, "and issue where to read about it");
        assert.ok(rows.length > 0, `${CATALOGUE_FILE} has no row for ${experiment.issue}`);
      }
      if (file.includes("/controls/")) assert.ok(experiment.expect, "a control says what it must find");
    });
  }

  it("refuses a plan whose faults were damaged, at the place of each mistake", async () => {
    const experiment = await readExperiment(join(folder, "any/quickstart.yaml"), registries);
    const plan = makePlan(experiment, "1", await registries.readShape(experiment.cluster), registries);
    const text = writePlan(plan).replace("mode: blackhole", "mode: blackhohle").replace("node: r2", "nod: r2");
    assert.throws(
      () => readPlan(text, "plan.yaml", registries),
      ({ message }: Error) => {
        const line = text.slice(0, text.indexOf("blackhohle")).split("\n").length;
        assert.match(message, new RegExp(`plan.yaml:${line}:\\d+: .*blackhohle`));
        assert.match(message, /"nod"/);
        return true;
      },
    );
  });

  it("passes on the mistakes of a Compose file with their own positions", async () => {
    const own = mkdtempSync(join(tmpdir(), "kvchaos-catalogue-"));
    try {
      const compose = join(own, "cluster.yaml");
      writeFileSync(compose, "services:\n  m1:\n    image: redis\n    imag: redis\n");
      writeFileSync(join(own, "experiment.yaml"), "title: T\ncluster: cluster.yaml\n");
      await assert.rejects(readExperiment(join(own, "experiment.yaml"), registries), (error: Error) => {
        assert.ok(error.message.includes(`${compose}:4:5: `), error.message);
        return true;
      });
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  });
});
