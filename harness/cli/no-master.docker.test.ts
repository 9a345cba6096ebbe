import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connectEngine } from "../docker/engine.ts";
import type { Finding } from "../journal/finding.ts";
import { redirectRefusal } from "../network/virtual-addresses.ts";
import { conclusive, runFolders } from "../testing/kvchaos-process.support.ts";
import { skip } from "../testing/skip.support.ts";

const LOAD = "{ workload: set, rate: 100/s, connections: 3, keys: 500 }";

describe("a master that is gone for good, on real servers that choose another themselves", function () {
  this.timeout(600_000);
  let folder: string;

  before(async function () {
    const refusal = redirectRefusal((await connectEngine()).info.local);
    if (refusal !== null) skip(this, refusal);
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-no-master-"));
  });
  after(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  async function run(name: string, experiment: string): Promise<{ stderr: string; findings: Finding[] }> {
    const file = path.join(folder, `${name}.yaml`);
    await writeFile(file, `${experiment}\nload: [${LOAD}]\nwarm-up: 2s\nchecks: [no-hang, no-crash, one-master]\n`);
    const reports = path.join(folder, name);
    const { code, stderr } = await conclusive(["run", file, "--image", "redis:7.0.15", "--reports", reports]);
    assert.ok(code === 0 || code === 1, stderr);
    const last = (await runFolders(reports)).at(-1) ?? "";
    const { findings } = JSON.parse(await readFile(path.join(reports, last, "result.json"), "utf8"));
    assert.equal(code, findings.length > 0 ? 1 : 0, stderr);
    return { stderr, findings };
  }

  it("is no finding when its replica is elected", async () => {
    const { stderr, findings } = await run(
      "elected",
      `title: A master of a Redis Cluster is killed for good, and its replica takes over
systems: [redis]
cluster: { masters: 3, replicas: 1, mode: cluster }
duration: 12s
faults:
  - { fault: kill, at: 1s, node: m1, restart-after: never }
recovery: { within: 20s }`,
    );
    assert.deepEqual(findings, [], stderr);
  });

  it("leaves its shard without one when the replica's data are too old: its log says so", async () => {
    const { stderr, findings } = await run(
      "too-old",
      `title: A master of a Redis Cluster is killed for good, and its replica had long lost it
systems: [redis]
cluster: { masters: 3, replicas: 1, mode: cluster }
config: { redis: { cluster-replica-validity-factor: 1, repl-ping-replica-period: 1 } }
duration: 24s
faults:
  - { id: cut, fault: partition, at: 1s, links: [r1 -> m1], mode: reset }
  - { id: crash, fault: kill, at: 13s, node: m1, restart-after: never }
recovery: { within: 6s }`,
    );
    const [finding] = findings;
    assert.deepEqual(
      findings.map((one) => [one.type, one.class, one.node, one.proof]),
      [["split-brain", "no-claimant", "m1", null]],
      stderr,
    );
    assert.match(
      finding?.summary ?? "",
      /^Shard 1 \(slots 0-5460\) has no master .* the fault crash .* r1 logged .* Disconnected from master for longer/,
    );
    const lines = finding?.detail?.lines as string[];
    assert.match(lines.join("\n"), /^[mr]\d at .* Marking node \S+ as failing \(quorum reached\)/m);
  });

  it("leaves the whole cluster without one when sentinels find no replica that is fit: their logs say so", async () => {
    const { stderr, findings } = await run(
      "no-good-replica",
      `title: The master is killed for good, and no replica may be promoted
cluster: { masters: 1, replicas: 2, mode: sentinel, sentinels: 3 }
config: { redis: { replica-priority: 0 } }
duration: 12s
faults:
  - { id: crash, fault: kill, at: 1s, node: m1, restart-after: never }
recovery: { within: 6s }`,
    );
    assert.deepEqual(
      findings.map((one) => [one.type, one.class, one.node]),
      [["split-brain", "no-master", "m1"]],
      stderr,
    );
    assert.match(
      findings[0]?.summary ?? "",
      /the fault crash .* s\d logged .*(-failover-abort-no-good-slave|Next failover delay)/,
    );
  });
});
