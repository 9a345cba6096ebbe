import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { kvchaos } from "../testing/kvchaos-process.support.ts";

describe("exploring real servers", function () {
  this.timeout(600_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-explore-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("draws an experiment and runs it, tells what it showed, and goes on from its folder", async () => {
    const words = ["explore", "--system", "redis", "--image", "redis:7.0.15", "--jobs", "1", "--out", folder];
    // `pause` and `set` alone: short, and nothing that Redis does not bear.
    const drawn = [...words, "--seed", "5", "--only", "pause,set", "--without", "config"];
    const { code, stdout, stderr } = await kvchaos([...drawn, "--experiments", "1"]);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /^1 experiment on redis:7\.0\.15, .* kinds of behaviour; seed 5$/m);
    const lines = (await readFile(path.join(folder, "experiments.jsonl"), "utf8")).trim().split("\n");
    const { document, fresh, void: counted } = JSON.parse(lines[1] ?? "");
    for (const { fault } of document.faults) assert.equal(fault, "pause");
    assert.equal(counted, false, stderr);
    assert.ok(
      fresh.some((one: string) => one.startsWith("log ")),
      JSON.stringify(fresh),
    );
    assert.match(await readFile(path.join(folder, "explore.html"), "utf8"), /0 findings in 1 experiment/);
    assert.deepEqual(await readdir(path.join(folder, "runs")), [], "what found nothing is forgotten");
    const again = await kvchaos([...words, "--for", "1ms"]);
    assert.match(again.stderr, /going on after 1 experiment in /);
    assert.match(again.stdout, /seed 5$/m);
    const other = await kvchaos([...words, "--seed", "6", "--for", "1ms"]);
    assert.equal(other.code, 3, other.stderr);
  });
});
