import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../../base/deadline.ts";
import { connectEngine, type Engine } from "../../docker/engine.ts";
import { readRecord } from "../../journal/reader.ts";
import { conclusive, KvchaosProcess, runFolders } from "../../testing/kvchaos-process.support.ts";

const CLUSTER = "{ masters: 1, replicas: 0 }";

const experiment = (duration: string): string => `
title: A pause
systems: [redis]
cluster: ${CLUSTER}
warm-up: 500ms
duration: ${duration}
faults: [{ fault: pause, at: 100ms, node: m1, for: 200ms }]
recovery: { within: 10s }
checks: [no-crash]
`;

describe("runs beside each other", function () {
  this.timeout(600_000);
  let folder: string;
  let reports: string;
  let engine: Engine;
  before(async () => {
    engine = await connectEngine();
  });
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-beside-"));
    reports = path.join(folder, "reports");
    await writeFile(path.join(folder, "short.yaml"), experiment("2s"));
    await writeFile(path.join(folder, "long.yaml"), experiment("100s"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const words = (file: string, ...more: string[]): string[] => {
    const common = ["--image", "redis:7.0.15", "--seed", "7", "--repeat", "2", "--jobs", "2", "--reports", reports];
    return ["run", path.join(folder, file), ...common, ...more];
  };
  const journals = async () => (await runFolders(reports)).map((name) => path.join(reports, name, "journal.jsonl"));

  /** Everything that carries the label of one of these runs. */
  async function left(): Promise<string[]> {
    const found = await Promise.all((await runFolders(reports)).map((id) => engine.listByLabel(`kvchaos.run=${id}`)));
    return found.flatMap(({ containers, networks, volumes }) =>
      [...containers, ...networks, ...volumes].map(({ name }) => name),
    );
  }
  /** On a machine that is not calm the second one waits: then it is to leave the queue. */
  async function bothInChaos(): Promise<void> {
    const patient = performance.now() + 30_000;
    await until({ what: "two runs in chaos", within: 120_000 }, async () => {
      const records = await Promise.all((await journals()).map(readRecord));
      const there = records.filter(({ view }) => view.phase("chaos")).length;
      return there === 2 || (there === 1 && records.length === 1 && performance.now() > patient);
    });
  }

  it("end as one after the other would; each says who was beside it", async () => {
    const { code, stdout, stderr } = await conclusive(words("short.yaml", "--json"), () =>
      rm(reports, { recursive: true, force: true }),
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /── short on redis:7\.0\.15, seed 7 \((on its own|beside up to 1 other run)\)/);
    const ids = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).runId);
    assert.deepEqual([...new Set(ids)].sort(), await runFolders(reports));
    for (const id of await runFolders(reports)) {
      const { command, selfCheck, verdict } = JSON.parse(await readFile(path.join(reports, id, "result.json"), "utf8"));
      assert.deepEqual([command.slice(0, 2), verdict], [["kvchaos", "run"], "pass"]);
      assert.ok(selfCheck.mostOthers <= 1);
    }
    assert.deepEqual(await left(), []);
  });

  it("are all healed, reported and removed at Ctrl-C", async () => {
    const running = new KvchaosProcess(words("long.yaml"));
    await bothInChaos();
    running.child.kill("SIGINT");
    const { code, stderr } = await running.finished;
    assert.equal(code, 130, stderr);
    for (const file of await journals()) assert.equal((await readRecord(file)).last("verdict")?.verdict, "interrupted");
    assert.deepEqual(await left(), []);
  });

  it("leave nothing behind when kvchaos is killed with SIGKILL", async () => {
    const running = new KvchaosProcess(words("long.yaml"));
    await bothInChaos();
    assert.notDeepEqual(await left(), []);
    running.child.kill("SIGKILL");
    await running.finished;
    await until({ what: "an empty engine", within: 120_000 }, async () => (await left()).length === 0);
  });
});
