import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connectEngine } from "../docker/engine.ts";
import { readRecord } from "../journal/reader.ts";
import { redirectRefusal } from "../network/virtual-addresses.ts";
import { conclusive, runFolders } from "../testing/kvchaos-process.support.ts";
import { skip } from "../testing/skip.support.ts";

describe("words of a command that name a node's id, a shard's tag and a load's slot", function () {
  this.timeout(600_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-words-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** What every fault's effect says. */
  const effects = async (text: string, image: string): Promise<Map<string, string>> => {
    const reports = await mkdtemp(path.join(folder, "reports-"));
    const file = path.join(reports, "words.yaml");
    await writeFile(file, `title: Words\nwarm-up: 1s\nduration: 4s\nrecovery: { within: 20s }\n${text}`);
    const { code, stderr } = await conclusive(["run", file, "--image", image, "--seed", "1", "--reports", reports]);
    assert.equal(code, 0, stderr);
    const run = (await runFolders(reports)).at(-1);
    const record = await readRecord(path.join(reports, run ?? "", "journal.jsonl"));
    return new Map(record.of("fault").flatMap(({ id, effect }) => (effect ? [[id, effect.summary]] : [])));
  };

  it("are Redis Cluster's own: the id that a server has, and keys that it takes", async function () {
    const refusal = redirectRefusal((await connectEngine()).info.local);
    if (refusal !== null) skip(this, refusal);
    const said = await effects(
      `systems: [redis]
cluster: { masters: 3, replicas: 1, mode: cluster }
load: [{ workload: set, rate: 100/s, connections: 3, keys: 100 }]
faults:
  - { id: failures, fault: command, at: 1s, node: m1, argv: [CLUSTER, COUNT-FAILURE-REPORTS, "{m2 id}"] }
  - { id: own, fault: command, at: 1s, node: m2, argv: [SET, "{tag of m2}x", "1"] }
  - { id: keys, fault: command, at: 2s, node: m1, argv: [CLUSTER, COUNTKEYSINSLOT, "{slot of set}"] }
  - { id: foreign, fault: command, at: 2s, node: m1, argv: [SET, "{tag of m2}x", "1"], may-be-refused: true }
`,
      "redis:7.0.15",
    );
    assert.match(said.get("failures") ?? "", /COUNT-FAILURE-REPORTS: 0$/);
    assert.match(said.get("own") ?? "", /: OK$/);
    assert.match(said.get("foreign") ?? "", /MOVED 11097|MOVED \d+/);
    assert.ok(Number(/COUNTKEYSINSLOT: (\d+)$/.exec(said.get("keys") ?? "")?.[1]) > 10, said.get("keys"));
  });
});
