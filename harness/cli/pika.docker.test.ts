import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connectEngine } from "../docker/engine.ts";
import { conclusive, runFolders } from "../testing/kvchaos-process.support.ts";
import { skip } from "../testing/skip.support.ts";

const EXPERIMENT = path.join(import.meta.dirname, "../../experiments/pika/flushall-idle.yaml");
const AFFECTED = "pikadb/pika:3.5.2";

interface Finding {
  type: string;
  class: string;
  node: string;
  proof: string | null;
}

describe("Pika's FLUSHALL deadlock, on real servers", function () {
  this.timeout(600_000);

  it(`is found on both replicas of ${AFFECTED} and proved: a thread waits for a mutex that it holds itself`, async function () {
    const engine = await connectEngine();
    if (!(await engine.inspectImage(AFFECTED))) {
      skip(this, `no image ${AFFECTED}: pull it, or make it with kvchaos images wrap --system pika`);
    }
    const reports = await mkdtemp(path.join(tmpdir(), "kvchaos-pika-"));
    try {
      const run = ["run", EXPERIMENT, "--image", AFFECTED, "--seed", "1", "--reports", reports];
      const { code, stderr } = await conclusive(run);
      const folder = (await runFolders(reports)).at(-1);
      assert.ok(folder, stderr);
      const result = JSON.parse(await readFile(path.join(reports, folder, "result.json"), "utf8"));
      assert.equal(code, 1, stderr);
      assert.equal(result.verdict, "fail");
      const hangs = (result.findings as Finding[]).filter((finding) => finding.type === "hang");
      assert.deepEqual(hangs.map((hang) => [hang.node, hang.class]).sort(), [
        ["r1", "deadlocked"],
        ["r2", "deadlocked"],
      ]);
      for (const { proof } of hangs) {
        assert.match(proof ?? "", /^ReplBgWorker \d+ waits for a mutex that it holds itself: a self-deadlock/);
      }
    } finally {
      await rm(reports, { recursive: true, force: true });
    }
  });
});
