import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connectEngine } from "../docker/engine.ts";
import type { Finding } from "../journal/finding.ts";
import { readRecord } from "../journal/reader.ts";
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

  async function run(
    name: string,
    experiment: string,
  ): Promise<{ stderr: string; findings: Finding[]; directory: string }> {
    const file = path.join(folder, `${name}.yaml`);
    await writeFile(file, `${experiment}\nload: [${LOAD}]\nwarm-up: 2s\nchecks: [no-hang, no-crash, one-master]\n`);
    const reports = path.join(folder, name);
    const { code, stderr } = await conclusive(["run", file, "--image", "redis:7.0.15", "--reports", reports]);
    assert.ok(code === 0 || code === 1, stderr);
    const directory = path.join(reports, (await runFolders(reports)).at(-1) ?? "");
    const { findings } = JSON.parse(await readFile(path.join(directory, "result.json"), "utf8"));
    assert.equal(code, findings.length > 0 ? 1 : 0, stderr);
    return { stderr, findings, directory };
  }

  it("is no finding when its replica is elected, and leaves its shard without one when the replica's data are too old: its log says so", async () => {
    const { stderr, findings, directory } = await run(
      "two-killed",
      `title: Two masters of a Redis Cluster are killed for good, of which one's replica had long lost it, and the other's takes over
systems: [redis]
cluster: { masters: 3, replicas: 1, mode: cluster }
duration: 24s
faults:
  - { id: failures, fault: command, at: 1s, node: m1, argv: [CLUSTER, COUNT-FAILURE-REPORTS, "{m2 id}"] }
  - { id: own, fault: command, at: 1s, node: m2, argv: [SET, "{tag of m2}x", "1"] }
  - { id: keys, fault: command, at: 2s, node: m1, argv: [CLUSTER, COUNTKEYSINSLOT, "{slot of set}"] }
  - { id: foreign, fault: command, at: 2s, node: m1, argv: [SET, "{tag of m2}x", "1"], may-be-refused: true }
  - { id: strict, fault: command, at: 500ms, node: r1, argv: [CONFIG, SET, cluster-replica-validity-factor, "1", repl-ping-replica-period, "1"] }
  - { id: cut, fault: partition, at: 1s, links: [r1 -> m1], mode: reset }
  - { id: succeeded, fault: kill, at: 3s, node: m2, restart-after: never }
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

    // Words of a command that name a node's id, a shard's tag and a load's slot are Redis Cluster's own: the id that a server has, and keys that it takes.
    const record = await readRecord(path.join(directory, "journal.jsonl"));
    const said = new Map(record.of("fault").flatMap(({ id, effect }) => (effect ? [[id, effect.summary]] : [])));
    assert.match(said.get("failures") ?? "", /COUNT-FAILURE-REPORTS: 0$/);
    assert.match(said.get("own") ?? "", /: OK$/);
    assert.match(said.get("foreign") ?? "", /MOVED 11097|MOVED \d+/);
    assert.ok(Number(/COUNTKEYSINSLOT: (\d+)$/.exec(said.get("keys") ?? "")?.[1]) > 0, said.get("keys"));
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
