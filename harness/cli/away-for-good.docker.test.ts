import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { conclusiveEach, type Ran } from "../testing/kvchaos-process.support.ts";

const CLUSTER = "{ masters: 1, replicas: 2 }";

describe("a node that the experiment takes away for good, on real servers", function () {
  this.timeout(600_000);
  let folder: string;

  let ran: Map<string, Ran>;
  const fileOf = (node: string): string => path.join(folder, `${node}.yaml`);

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-away-"));
    for (const node of ["r1", "m1"]) {
      const fault = `{ fault: kill, at: 1s, node: ${node}, restart-after: never }`;
      await writeFile(
        fileOf(node),
        `title: ${node} stays down\ncluster: ${CLUSTER}\npreload: { keys: 200, value: 100B }\nwarm-up: 2s\nduration: 4s\nfaults: [${fault}]\n`,
      );
    }
    const reports = path.join(folder, "reports");
    ran = await conclusiveEach([fileOf("r1"), fileOf("m1")], ["--image", "redis:7.0.15"], reports);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** With the default checks. */
  async function killed(node: string) {
    const { code, stderr, directory } = ran.get(fileOf(node)) ?? assert.fail();
    const { findings, checks } = JSON.parse(await readFile(path.join(directory, "result.json"), "utf8"));
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
