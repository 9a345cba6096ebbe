import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { registries } from "../experiment/catalogue.ts";
import { readExperiment } from "../experiment/read-experiment.ts";
import { type Ran, someAtOnce } from "../testing/kvchaos-process.support.ts";

const CONTROLS = path.join(import.meta.dirname, "../../experiments/redis/controls");

/** What must be said to prove it, where that is more than its kind. */
const PROOFS: Readonly<Record<string, RegExp>> = {
  "assertion.yaml": /'1 == 2' is not true$/,
  "segfault.yaml": /crashed by signal: 11.*exit code 139 \(SIGSEGV\)/,
};

describe("controls: runs that must fail, each with exactly its own finding", function () {
  this.timeout(600_000);
  const names = readdirSync(CONTROLS).filter((file) => file.endsWith(".yaml"));
  const fileOf = (name: string): string => path.join(CONTROLS, name);
  let outcomes: Map<string, Promise<Ran>>;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-controls-"));
    outcomes = someAtOnce(names.map(fileOf), ["--image", "redis:7.0.15"], path.join(folder, "reports"));
  });
  after(async () => {
    await Promise.allSettled(outcomes.values());
    await rm(folder, { recursive: true, force: true });
  });

  for (const name of names) {
    it(name, async () => {
      const { expect } = await readExperiment(fileOf(name), registries);
      assert.ok(expect?.class, "a control says what must be found");
      const outcome = await outcomes.get(fileOf(name));
      assert.ok(outcome);
      const { findings } = JSON.parse(await readFile(path.join(outcome.directory, "result.json"), "utf8")) as {
        findings: { type: string; class: string; proof: string | null }[];
      };
      assert.equal(outcome.code, 1, outcome.stderr);
      const found = findings.map((finding) => `${finding.type}/${finding.class}`);
      assert.deepEqual(found, [`${expect.finding}/${expect.class}`], outcome.stderr);
      assert.match(findings.map(({ proof }) => proof ?? "").join(), PROOFS[name] ?? /^/);
    });
  }
});
