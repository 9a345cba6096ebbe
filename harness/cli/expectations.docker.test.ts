import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Finding } from "../journal/finding.ts";
import { conclusive, runFolders } from "../testing/kvchaos-process.support.ts";

/** 20 MB are to be copied while links are narrow: r1's too narrow for that, r2's not. */
const EXPERIMENT = `title: A full sync through a narrow link
cluster: { masters: 2, replicas: 1 }
config: { redis: { rdbcompression: "no" } }
preload: { keys: 20000, value: 1KB, types: [string] }
load:
  - { workload: set, rate: 50/s, connections: 2, value: 100B }
warm-up: 2s
duration: 16s
faults:
  - { id: narrow, fault: bandwidth, at: 1s, links: [r1 -> m1], rate: 400KB, for: 13s }
  - { id: alone, fault: command, after: narrow, delay: 500ms, node: r1, argv: [REPLICAOF, "NO", ONE] }
  - { id: back, fault: command, after: alone, delay: 500ms, node: r1, argv: [REPLICAOF, "{self -> m1 host}", "{self -> m1 port}"] }
  - { id: wide, fault: bandwidth, at: 1s, links: [r2 -> m2], rate: 20MB, for: 13s }
  - { id: alone2, fault: command, after: wide, delay: 500ms, node: r2, argv: [REPLICAOF, "NO", ONE] }
  - { id: back2, fault: command, after: alone2, delay: 500ms, node: r2, argv: [REPLICAOF, "{self -> m2 host}", "{self -> m2 port}"] }
recovery: { within: 60s }
expectations:
  - { id: begun, node: r1, state: full-sync, within: 5s, of: back }
  - { id: copied, node: r1, full-sync: done, while: narrow }
  - { id: told, node: m1, log: "asks for synchronization", within: 5s, of: back }
  - { id: begun2, node: r2, state: full-sync, within: 5s, of: back2 }
  - { id: copied2, node: r2, full-sync: done, while: wide }
  - { id: told2, node: m2, log: "asks for synchronization", within: 5s, of: back2 }
  - { id: well, served: set, within: 10s, phase: chaos }
`;

describe("what is expected on the way, on a real server", function () {
  this.timeout(600_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-expectations-"));
  });
  after(async () => rm(folder, { recursive: true, force: true }));

  it("is met by a full sync that ends while the link is narrow, and not by one that needs the heal to end, which every other check takes for well", async () => {
    const file = path.join(folder, "narrow.yaml");
    await writeFile(file, EXPERIMENT);
    const reports = path.join(folder, "reports");
    const { code, stderr } = await conclusive(["run", file, "--image", "redis:7.0.15", "--reports", reports]);
    const last = (await runFolders(reports)).at(-1) ?? "";
    const { findings, checks } = JSON.parse(await readFile(path.join(reports, last, "result.json"), "utf8")) as {
      findings: Finding[];
      checks: { name: string; why: string | null }[];
    };
    assert.equal(code, 1, stderr);
    // Of all others it is known that they came about.
    assert.equal(checks.find(({ name }) => name === "expectations")?.why, null);
    assert.deepEqual(
      findings.map((one) => [one.type, one.class, one.node, one.detail?.expectation]),
      [["unmet-expectation", "full-sync-done", "r1", "copied"]],
      stderr,
    );
    assert.match(
      findings[0]?.summary ?? "",
      /^r1 was expected to end a full sync, and did not, while the fault narrow was there .*: its full sync was /,
    );
  });
});
