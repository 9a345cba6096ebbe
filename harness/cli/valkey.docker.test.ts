import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { connectEngine } from "../docker/engine.ts";
import { ensureImage } from "../images/ensure-image.ts";
import { valkey } from "../systems/valkey.ts";
import { conclusiveEach, type Ran } from "../testing/kvchaos-process.support.ts";
import { skip } from "../testing/skip.support.ts";

const CLUSTER = "{ masters: 1, replicas: 1 }";
const CONTROLS = path.join(import.meta.dirname, "../../experiments/redis/controls");
const [IMAGE] = valkey.images as [string];

describe("Valkey by its image alone, on real servers", function () {
  this.timeout(600_000);
  let folder: string;
  const files = { short: "", dead: path.join(CONTROLS, "dead.yaml"), pop: "" };
  const ran = new Map<string, Promise<Map<string, Ran>>>();

  before(async function () {
    const engine = await connectEngine();
    await ensureImage({ engine, name: IMAGE, recipe: valkey.recipe, log: () => {} }).catch((error: unknown) =>
      skip(this, messageOf(error)),
    );
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-valkey-"));
    files.short = path.join(folder, "short.yaml");
    files.pop = path.join(folder, "pop.yaml");
    await writeFile(
      files.short,
      `title: A master switch and a kill on Valkey
cluster: ${CLUSTER}
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
    await writeFile(
      files.pop,
      `title: A blocked command with a timeout of its own, sent during CLIENT PAUSE ALL
cluster: ${CLUSTER}
warm-up: 2s
duration: 12s
watchdog: { hang-after: 4s }
faults:
  - { id: pause, fault: command, at: 1s, node: m1, argv: [CLIENT, PAUSE, 3000, ALL] }
  - { id: pop, fault: command, after: pause, delay: 500ms, node: m1, argv: [BZPOPMAX, nokey, 1], within: 5s }
recovery: { within: 20s }
checks: [no-hang, no-crash, recovers-within]
`,
    );
  });
  after(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  async function run(name: keyof typeof files, image = IMAGE) {
    const reports = await mkdtemp(path.join(folder, "reports-"));
    // Those of Valkey by one process, whoever asks first.
    const all = image === IMAGE ? Object.values(files) : [files[name]];
    const running = ran.get(image) ?? conclusiveEach(all, ["--image", image], reports);
    ran.set(image, running);
    const { code, stderr, directory } = (await running).get(files[name]) ?? assert.fail();
    const read = (what: string) => readFile(path.join(directory, what), "utf8");
    const result = JSON.parse(await read("result.json"));
    const journal = (await read("journal.jsonl"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    return { code, stderr, result, journal, script: await read("repro.sh").catch(() => "") };
  }

  it("runs an experiment: a switch of the master, a full sync, a kill; processes, log lines and version are understood", async () => {
    const { code, stderr, result, journal } = await run("short");
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
    const { code, stderr, result, journal, script } = await run("dead");
    assert.equal(code, 1, stderr);
    assert.deepEqual(
      result.findings.map(({ type }: { type: string }) => type),
      ["crash"],
    );
    assert.ok(journal.some(({ type, rule }) => type === "log" && rule === "bug-report"));
    assert.match(script, /valkey-server/);
  });

  // valkey #2109: a blocked command whose timeout runs out while CLIENT PAUSE ALL is on is forgotten.
  it("a blocked command that is never answered is found with its words and flags; Redis 7.0.15 answers it", async () => {
    const { code, stderr, result, journal } = await run("pop");
    assert.equal(code, 1, stderr);
    const [finding, ...others] = result.findings;
    assert.deepEqual(others, []);
    assert.deepEqual([finding.type, finding.class, finding.node], ["hang", "unanswered-command", "m1"]);
    assert.match(finding.summary, /^BZPOPMAX nokey 1 \(pop\) on m1 had no answer for .*; its own timeout is 1s\./);
    assert.match(finding.summary, /Client flags b: blocked\.$/);
    const pops = journal.filter(({ type, by }) => type === "admin-command" && by === "pop").map(({ step }) => step);
    assert.deepEqual(pops.slice(0, 2), ["sent", "overdue"]);

    const redis = await run("pop", "redis:7.0.15");
    assert.deepEqual([redis.code, redis.result.findings], [0, []], redis.stderr);
    const answered = redis.journal.find(
      ({ type, by, step }) => type === "admin-command" && by === "pop" && step === "answered",
    );
    assert.equal(answered.reply, "null");
  });
});
