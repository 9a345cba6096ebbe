import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { conclusive, runFolders } from "../testing/kvchaos-process.support.ts";
import { judgedAgain } from "../testing/runs/judged-again.support.ts";

const CLUSTER = "{ masters: 1, replicas: 1 }";

describe("acknowledged writes that get lost, on a real server", function () {
  this.timeout(600_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-losses-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function run() {
    const file = path.join(folder, "killed.yaml");
    // Nothing is saved: a master that is killed comes back empty, and its replica follows it.
    await writeFile(
      file,
      `title: A master without persistence is killed
cluster: ${CLUSTER}
config: { redis: { save: "", appendonly: "no" } }
load:
  - { workload: set, rate: 300/s, connections: 4, keys: 1000000, record: true }
warm-up: 2s
duration: 15s
faults:
  - { fault: kill, at: 2s, node: m1, restart-after: 500ms }
recovery: { within: 20s }
checks: [no-lost-writes]
losses: unconfirmed
`,
    );
    const reports = await mkdtemp(path.join(folder, "reports-"));
    const { code, stderr } = await conclusive(["run", file, "--image", "redis:7.0.15", "--reports", reports]);
    const name = (await runFolders(reports)).at(-1) ?? "no run";
    const read = (what: string) => readFile(path.join(reports, name, what), "utf8");
    const directory = path.join(reports, name);
    return { code, stderr, directory, result: JSON.parse(await read("result.json")), page: await read("report.html") };
  }

  it("are allowed and counted by default; a finding where none is allowed", async () => {
    const allowed = await run();
    assert.deepEqual([allowed.code, allowed.result.findings], [0, []], allowed.stderr);
    const [count] = allowed.result.losses;
    assert.ok(count.lost > 100 && count.excused === count.lost && count.allowed >= count.lost, JSON.stringify(count));
    assert.ok(count.acknowledged > count.allowed, JSON.stringify(count));
    assert.match(
      allowed.page,
      /<p>Of [\d,]+ acknowledged writes [\d,]+ were allowed to get lost; [\d,]+ really were\.<\/p>/,
    );

    // Nothing of the run depends on what is allowed.
    const strict = await judgedAgain(allowed.directory, { losses: "none" });
    assert.equal(strict.verdict, "fail", strict.reasons.join());
    assert.deepEqual([...new Set(strict.findings.map((one) => `${one.type}/${one.class}`))], ["lost-write/lost"]);
    assert.deepEqual(
      strict.losses.map((one) => [one.allowed, one.lost === count.lost]),
      [[0, true]],
    );
  });
});
