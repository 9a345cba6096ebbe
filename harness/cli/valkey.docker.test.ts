import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { connectEngine } from "../docker/engine.ts";
import { ensureImage } from "../docker/images/ensure.ts";
import { skip } from "../skip.ts";
import { valkey } from "../systems/valkey.ts";
import { kvchaos, runFolders } from "./kvchaos-process.ts";

const COMPOSE = path.join(import.meta.dirname, "../../compose/one-master-one-replica.yaml");
const CONTROLS = path.join(import.meta.dirname, "../../experiments/redis/controls");
const [IMAGE] = valkey.images as [string];

describe("Valkey by its image alone, on real servers", function () {
  this.timeout(180_000);
  let folder: string;

  before(async function () {
    const engine = await connectEngine();
    await ensureImage({ engine, name: IMAGE, recipe: valkey.recipe, log: () => {} }).catch((error: unknown) =>
      skip(this, messageOf(error)),
    );
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-valkey-"));
  });
  after(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  async function run(file: string) {
    const reports = await mkdtemp(path.join(folder, "reports-"));
    const { code, stderr } = await kvchaos(["run", file, "--image", IMAGE, "--reports", reports]);
    const [name] = await runFolders(reports);
    assert.ok(name, stderr);
    const read = (what: string) => readFile(path.join(reports, name, what), "utf8");
    const result = JSON.parse(await read("result.json"));
    const journal = (await read("journal.jsonl"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    return { code, stderr, result, journal, script: await read("repro.sh").catch(() => "") };
  }

  it("runs an experiment: a switch of the master, a full sync, a kill; processes, log lines and version are understood", async () => {
    const file = path.join(folder, "short.yaml");
    await writeFile(
      file,
      `title: A master switch and a kill on Valkey
cluster: ${COMPOSE}
preload: { keys: 500, value: 100B }
load:
  - { workload: set, rate: 300/s, connections: 4, keys: 500 }
warm-up: 2s
duration: 8s
faults:
  - { fault: switch-master, at: 1s, to: r1 }
  - { fault: kill, at: 4s, node: replica, restart-after: 1s }
recovery: { within: 20s }
checks: [no-hang, no-crash, one-master, converges, replication-progress, recovers-within]
`,
    );
    const { code, stderr, result, journal } = await run(file);
    assert.deepEqual([code, result.verdict, result.findings], [0, "pass", []], stderr);
    const cluster = journal.find(({ type }) => type === "cluster");
    assert.match(cluster.nodes[0].version, /^8\./);
    assert.equal(cluster.nodes[0].launch.command[0], "valkey-server");
    assert.ok(
      journal.some(({ type, pid }) => type === "process" && pid > 0),
      "its process is found",
    );
    const steps = journal.filter(({ type }) => type === "full-sync").map(({ step }) => step);
    assert.ok(steps.includes("start") && steps.includes("done"), steps.join());
  });

  it("has its crash seen as one, with the report in its log", async () => {
    const { code, stderr, result, journal, script } = await run(path.join(CONTROLS, "dead.yaml"));
    assert.equal(code, 1, stderr);
    assert.deepEqual(
      result.findings.map(({ type }: { type: string }) => type),
      ["crash"],
    );
    assert.ok(journal.some(({ type, rule }) => type === "log" && rule === "bug-report"));
    assert.match(script, /valkey-server/);
  });
});
