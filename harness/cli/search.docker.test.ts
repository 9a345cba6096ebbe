import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { registries } from "../experiment/catalogue.ts";
import { readExperiment } from "../experiment/read-experiment.ts";
import { conclusive, kvchaos, runFolders } from "../testing/kvchaos-process.support.ts";

const CLUSTER = "{ masters: 1, replicas: 0 }";

const EXPERIMENT = `
title: A crash beside a fault that has nothing to do with it
systems: [redis]
cluster: ${CLUSTER}
warm-up: 500ms
duration: 2s
faults:
  - { id: limit, fault: cpu-limit, at: 100ms, node: m1, cpu: 90%, for: 500ms }
  - { id: die, fault: command, at: 500ms, node: m1, argv: [DEBUG, SEGFAULT], wait-for-reply: false }
recovery: { within: 1s }
stop-on: first-finding
checks: [no-crash]
`;

describe("searching by many runs", function () {
  this.timeout(600_000);
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-search-"));
    file = path.join(folder, "crash.yaml");
    await writeFile(file, EXPERIMENT);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("shrinks a failed run to an experiment that fails, and goes on where it was when its time was over", async () => {
    const reports = path.join(folder, "reports");
    const first = await conclusive(["run", file, "--image", "redis:7.0.15", "--reports", reports, "--quiet"]);
    assert.equal(first.code, 1, first.stderr);
    const run = path.join(reports, (await runFolders(reports)).at(-1) ?? "");
    const shrink = ["shrink", run, "--jobs", "2", "--reports", path.join(folder, "smaller"), "--budget"];
    const { stdout, stderr } = await kvchaos([...shrink, "5s"]);
    assert.match(stdout, /^crash\/exit: 2 faults \(limit, die\) → .*\bdie\b.*, \d+ lines, in \d+ runs$/m, stderr);
    const found = path.join(run, "shrunk.yaml");
    const { faults, expect } = await readExperiment(found, registries);
    assert.ok(faults.some(({ id }) => id === "die"));
    assert.deepEqual(expect, { finding: ["crash"], class: "exit", sometimes: false });
    const [, ...tried] = (await readFile(path.join(run, "shrunk.trail.jsonl"), "utf8")).trim().split("\n");
    assert.ok(tried.length > 0);
    assert.match(stdout, new RegExp(` in ${tried.length} runs$`, "m"));
    const again = await kvchaos([...shrink, "1ms"]);
    assert.match(again.stderr, new RegExp(`going on after the ${tried.length} runs in `));
    assert.match(again.stdout, /^crash\/exit: .*, in 0 runs$/m);
    const changed = await kvchaos(["shrink", run, "--experiment", found]);
    assert.equal(changed.code, 3);
    assert.match(changed.stderr, /no longer makes the plan of that run/);
  });

  it("bisects images, and says so when the oldest and the newest end alike", async () => {
    const images = ["--image", "redis:7.0.15", "redis:7.0.15", "redis:7.0.15"];
    const args = ["bisect", file, ...images, "--tries", "1", "--reports", path.join(folder, "bisect")];
    const { code, stdout, stderr } = await kvchaos(args);
    assert.equal(code, 2, stderr);
    assert.match(stdout, /^redis:7\.0\.15 {2}fails \(in run 1\)$/m);
    assert.match(stdout, /^Nothing changes between redis:7\.0\.15 and redis:7\.0\.15: both end alike\.$/m);
    assert.equal((await runFolders(path.join(folder, "bisect"))).length, 2);
  });
});
