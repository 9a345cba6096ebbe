import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { conclusive, runFolders } from "../testing/kvchaos-process.support.ts";

const CLUSTER = "{ masters: 1, replicas: 2 }";

describe("a node that the experiment takes away for good, on real servers", function () {
  this.timeout(600_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-away-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** With the default checks. */
  async function killed(node: string) {
    const file = path.join(folder, `${node}.yaml`);
    const fault = `{ fault: kill, at: 1s, node: ${node}, restart-after: never }`;
    await writeFile(
      file,
      `title: ${node} stays down\ncluster: ${CLUSTER}\npreload: { keys: 200, value: 100B }\nwarm-up: 2s\nduration: 4s\nfaults: [${fault}]\n`,
    );
    const reports = await mkdtemp(path.join(folder, "reports-"));
    const { code, stderr } = await conclusive(["run", file, "--image", "redis:7.0.15", "--reports", reports]);
    const result = path.join(reports, (await runFolders(reports)).at(-1) ?? "no run", "result.json");
    const { findings, checks } = JSON.parse(await readFile(result, "utf8"));
    const converges = checks.find(({ name }: { name: string }) => name === "converges");
    return { code, stderr, findings, converges };
  }

  it("passes when a replica stays down, and says that it was left out", async () => {
    const { code, stderr, findings, converges } = await killed("r1");
    assert.deepEqual([code, findings, converges.valid], [0, [], true], stderr);
    assert.equal(converges.why, "r1 was left out: the experiment took it down for good");
    assert.match(stderr, /r2 equals m1: 200 keys/);
  });

  it("blames no replica for the link to a master that stays down", async () => {
    const { stderr, findings, converges } = await killed("m1");
    const about = findings.map(({ type, node }: { type: string; node: string }) => `${type} of ${node}`);
    assert.ok(!about.some((one: string) => /slow-recovery|stuck-replication|divergence/.test(one)), stderr);
    assert.match(converges.why, /^r1 and r2 had nobody to be equal to/);
  });
});
