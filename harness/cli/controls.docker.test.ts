import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { registries } from "../experiment/catalogue.ts";
import { readExperiment } from "../experiment/read-experiment.ts";
import { conclusive, runFolders, someAtOnce } from "../testing/kvchaos-process.support.ts";

const CONTROLS = path.join(import.meta.dirname, "../../experiments/redis/controls");

/** What must be said to prove it, where that is more than its kind. */
const PROOFS: Readonly<Record<string, RegExp>> = {
  "assertion.yaml": /'1 == 2' is not true$/,
  "segfault.yaml": /crashed by signal: 11.*exit code 139 \(SIGSEGV\)/,
};

interface Outcome {
  code: number | null;
  stderr: string;
  expected: string;
  found: string[];
  proofs: string[];
}

describe("controls: runs that must fail, each with exactly its own finding", function () {
  this.timeout(600_000);
  const names = readdirSync(CONTROLS).filter((file) => file.endsWith(".yaml"));
  let outcomes: Map<string, Promise<Outcome>>;

  before(() => {
    outcomes = someAtOnce(names, run);
  });

  for (const name of names) {
    it(name, async () => {
      const outcome = await outcomes.get(name);
      assert.ok(outcome);
      assert.equal(outcome.code, 1, outcome.stderr);
      assert.deepEqual(outcome.found, [outcome.expected], outcome.stderr);
      assert.match(outcome.proofs.join(), PROOFS[name] ?? /^/);
    });
  }
});

async function run(name: string): Promise<Outcome> {
  const file = path.join(CONTROLS, name);
  const { expect } = await readExperiment(file, registries);
  assert.ok(expect?.class, "a control says what must be found");
  const reports = await mkdtemp(path.join(tmpdir(), "kvchaos-controls-"));
  try {
    const { code, stderr } = await conclusive(["run", file, "--image", "redis:7.0.15", "--reports", reports]);
    const folder = (await runFolders(reports)).at(-1);
    const { findings } = JSON.parse(await readFile(path.join(reports, folder ?? "", "result.json"), "utf8"));
    const found = findings.map((finding: { type: string; class: string }) => `${finding.type}/${finding.class}`);
    const proofs = findings.map((finding: { proof: string | null }) => finding.proof ?? "");
    return { code, stderr, expected: `${expect.finding}/${expect.class}`, found, proofs };
  } finally {
    await rm(reports, { recursive: true, force: true });
  }
}
