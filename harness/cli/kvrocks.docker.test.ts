import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connectEngine } from "../docker/engine.ts";
import { conclusive, runFolders } from "../testing/kvchaos-process.support.ts";
import { skip } from "../testing/skip.support.ts";

const STORM = path.join(import.meta.dirname, "../../experiments/kvrocks/master-switch-storm.yaml");
const AFFECTED = "apache/kvrocks:2.9.0";
const FIXED = "apache/kvrocks:2.11.0";

/** Half of the data at half of the speed, and a storm of 10 s instead of half a minute: the clean image has to be asked to the end. */
const SHORTER: readonly [was: string, is: string][] = [
  ["max-replication-mb: 20", "max-replication-mb: 10"],
  ["preload: { keys: 6400,", "preload: { keys: 3200,"],
  ["duration: 60s", "duration: 18s"],
  ["count: 23", "count: 8"],
];

interface Result {
  verdict: string;
  findings: { type: string; class: string; node: string; from: number; proof: string | null }[];
}

describe("Kvrocks, on real servers", function () {
  this.timeout(600_000);

  type Finished = Result & { code: number | null; stderr: string };
  async function run(context: Mocha.Context, image: string): Promise<Finished> {
    const engine = await connectEngine();
    if (!(await engine.inspectImage(image))) {
      skip(context, `no image ${image}: pull it, or make it with kvchaos images wrap --system kvrocks`);
    }
    const reports = await mkdtemp(path.join(tmpdir(), "kvchaos-kvrocks-"));
    try {
      const storm = path.join(reports, "storm.yaml");
      await writeFile(storm, await shortened());
      const { code, stderr } = await conclusive(["run", storm, "--image", image, "--seed", "1", "--reports", reports]);
      const folder = (await runFolders(reports)).at(-1);
      assert.ok(folder, stderr);
      return { code, stderr, ...JSON.parse(await readFile(path.join(reports, folder, "result.json"), "utf8")) };
    } finally {
      await rm(reports, { recursive: true, force: true });
    }
  }

  async function shortened(): Promise<string> {
    let text = await readFile(STORM, "utf8");
    for (const [was, is] of SHORTER) {
      assert.ok(text.includes(was), was);
      text = text.replace(was, is);
    }
    return text;
  }

  it(`the master-switch deadlock is found on ${AFFECTED} and proved: a worker and the replication thread wait for each other`, async function () {
    const { code, findings, stderr } = await run(this, AFFECTED);
    assert.equal(code, 1, stderr);
    const hang = findings.find((finding) => finding.class === "deadlocked");
    assert.equal(hang?.node, "r1");
    assert.match(hang.proof ?? "", /worker \d+ waits for master-repl \d+ to end.*that worker \d+ holds: a cycle/);
    assert.ok(hang.from < 60_000, `began at ${hang.from} ms`);
    assert.ok(findings.some((finding) => finding.class === "blocked-command"));
  });

  it(`the master-switch deadlock is not there on ${FIXED}`, async function () {
    const { code, verdict, findings, stderr } = await run(this, FIXED);
    assert.equal(code, 0, stderr);
    assert.deepEqual([verdict, findings], ["pass", []]);
  });
});
