import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { conclusive, runFolders } from "../testing/kvchaos-process.support.ts";

const CLUSTER = "{ masters: 1, replicas: 1 }";

describe("acknowledged writes that get lost, on a real server", function () {
  this.timeout(600_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-losses-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function run(losses: string) {
    const file = path.join(folder, `${losses}.yaml`);
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
losses: ${losses}
`,
    );
    const reports = await mkdtemp(path.join(folder, "reports-"));
    const { code, stderr } = await conclusive(["run", file, "--image", "redis:7.0.15", "--reports", reports]);
    const name = (await runFolders(reports)).at(-1) ?? "no run";
    const read = (what: string) => readFile(path.join(reports, name, what), "utf8");
    return { code, stderr, result: JSON.parse(await read("result.json")), page: await read("report.html") };
  }

  it("are allowed and counted by default; a finding where none is allowed", async () => {
    const allowed = await run("unconfirmed");
    assert.deepEqual([allowed.code, allowed.result.findings], [0, []], allowed.stderr);
    const [count] = allowed.result.losses;
    assert.ok(count.lost > 100 && count.excused === count.lost && count.allowed >= count.lost, JSON.stringify(count));
    assert.ok(count.acknowledged > count.allowed, JSON.stringify(count));
    assert.match(
      allowed.page,
      /<p>Of [\d,]+ acknowledged writes [\d,]+ were allowed to get lost; [\d,]+ really were\.<\/p>/,
    );

    const strict = await run("none");
    assert.equal(strict.code, 1, strict.stderr);
    const found = strict.result.findings.map((one: { type: string; class: string }) => `${one.type}/${one.class}`);
    assert.deepEqual([...new Set(found)], ["lost-write/lost"]);
    assert.deepEqual([strict.result.losses[0].allowed, strict.result.losses[0].lost > 100], [0, true]);
  });
});
