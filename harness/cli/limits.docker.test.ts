import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Finding } from "../journal/finding.ts";
import { conclusiveEach, type Ran } from "../testing/kvchaos-process.support.ts";

const CLUSTER = "{ masters: 1, replicas: 1 }";

/** A replica may be 512 KB behind, while it copies, too. @param value of new keys, 400 a second */
const experiment = (value: string, faults: string): string => `title: Full syncs and memory on the way
systems: [redis]
cluster: ${CLUSTER}
config: { redis: { repl-backlog-size: 16kb, client-output-buffer-limit: "replica 512kb 512kb 1", rdbcompression: "no" } }
preload: { keys: 1000, value: 1KB, types: [string] }
load: [{ workload: set, rate: 400/s, connections: 4, keys: 1000000, value: ${value} }]
warm-up: 2s
duration: 10s
faults: [${faults}]
recovery: { within: 1s }
full-syncs: { most: 1, failed: 0 }
memory: { growth: 15MiB }
limits:
  - { limit: replication-lag < 1MB, for: 0s }
  - { limit: ops > 0.01 × warm-up, load: set }
  - admin max < 60s
checks: [no-crash]
`;

interface Read {
  stderr: string;
  findings: Finding[];
  repro: string;
}

describe("limits on the way, on a real server", function () {
  this.timeout(600_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-limits-"));
  });
  after(async () => rm(folder, { recursive: true, force: true }));

  const fileOf = (name: string): string => path.join(folder, `${name}.yaml`);

  async function read({ stderr, directory }: Ran): Promise<Read> {
    const { findings } = JSON.parse(await readFile(path.join(directory, "result.json"), "utf8"));
    return { stderr, findings, repro: await readFile(path.join(directory, "repro.sh"), "utf8") };
  }

  it("tells full sync after full sync, and memory that grows, when it happens; and neither of a server that is well", async () => {
    const narrow = "{ id: narrow, fault: bandwidth, at: 0s, links: [r1 -> m1], rate: 700KB }";
    await writeFile(fileOf("ill"), experiment("10KB", narrow));
    await writeFile(fileOf("well"), experiment("100B", ""));
    const files = [fileOf("ill"), fileOf("well")];
    const ran = await conclusiveEach(files, ["--image", "redis:7.0.15"], path.join(folder, "reports"));
    const [ill, well] = (await Promise.all([...ran.values()].map(read))) as [Read, Read];
    assert.deepEqual(well.findings, [], well.stderr);
    assert.match(well.stderr, /check full-syncs: ok/);
    assert.match(well.stderr, /check limits: ok \(.*of set: at worst/);
    assert.match(well.stderr, /check memory: ok \(m1: \d/);

    const kinds = ill.findings.map(({ type, class: kind, node }) => `${type}/${kind} of ${node}`);
    assert.ok(kinds.includes("full-sync/loop of r1"), ill.stderr);
    assert.ok(kinds.includes("memory-growth/resident of m1"), ill.stderr);
    const lag = ill.findings.find(({ type }) => type === "limit");
    assert.deepEqual([lag?.class, lag?.node], ["replication-lag", "r1"], ill.stderr);
    assert.ok((lag?.detail?.worst ?? 0) >= 1_000_000 && (lag?.detail?.curve?.length ?? 0) > 1);
    const chaos = ill.stderr.slice(0, ill.stderr.indexOf("── heal"));
    assert.match(chaos, /full-syncs: r1 began \d+ full syncs/);
    assert.match(chaos, /limits: replication-lag < 1MB of r1 did not hold/);
    assert.match(chaos, /memory: m1's resident memory grew from/);
    assert.match(ill.repro, /^observe_full_syncs 'Full resync from \(master\|primary\)\|.*' 1$/m);
    assert.match(ill.repro, /^observe_memory m1 \d+$/m);
  });
});
