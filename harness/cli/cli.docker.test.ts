import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../base/deadline.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import {
  conclusive,
  KvchaosProcess,
  kvchaos,
  leftOf,
  runFolders,
  untilNobodyCleans,
} from "../testing/kvchaos-process.support.ts";

const CLUSTER = "{ masters: 1, replicas: 2 }";
const ONE = "{ masters: 1, replicas: 0 }";

/** As little as there is: it is run again and again. */
const little = (duration: string): string =>
  `title: A little\nsystems: [redis]\ncluster: ${ONE}\nwarm-up: 0s\nduration: ${duration}\n`;

const experiment = (duration: string, cluster = CLUSTER): string => `
title: A short one
cluster: ${cluster}
preload: { keys: 200, value: 100B }
load:
  - { workload: set, connections: 4, rate: 300/s, keys: 500, value: 64B }
warm-up: 2s
duration: ${duration}
faults:
  - { id: sw, fault: switch-master, at: 500ms, to: r1 }
  - { id: freeze, fault: pause, at: 2s, node: r2, for: 1s }
recovery: { within: 20s }
`;

describe("kvchaos run", function () {
  this.timeout(600_000);
  let engine: Engine;
  let folder: string;
  let reports: string;

  const write = async (name: string, text: string): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(file, text);
    return file;
  };
  const run = (file: string, ...more: string[]) => ["run", file, "--reports", reports, ...more];
  const lastRun = async (): Promise<string> => path.join(reports, (await runFolders(reports)).at(-1) ?? "no run");
  const onlyRun = async (): Promise<string> => path.join(reports, (await runFolders(reports))[0] ?? "no run folder");

  before(async () => {
    engine = await connectEngine();
  });
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-cli-"));
    reports = path.join(folder, "reports");
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("passes on a healthy server, writes every report, leaves nothing behind; can be replayed, and rendered again from its journal", async () => {
    const file = await write("short.yaml", experiment("5s"));
    const { code, stderr, pid } = await conclusive(run(file, "--image", "redis:7.0.15", "--seed", "7"));
    assert.equal(code, 0, stderr);
    const directory = await lastRun();
    assert.match(path.basename(directory), /^\d{8}-\d{6}-short-7$/);
    const files = await readdir(directory);
    for (const name of [
      "report.html",
      "result.json",
      "junit.xml",
      "issue.md",
      "repro.sh",
      "journal.jsonl",
      "plan.yaml",
      "compose.yaml",
      "evidence",
    ]) {
      assert.ok(files.includes(name), `${name} is missing: ${files.join(", ")}`);
    }
    const made = await kvchaos(["explain", file, "--compose"]);
    assert.equal(made.stdout, await readFile(path.join(directory, "compose.yaml"), "utf8"));
    const index = await readFile(path.join(reports, "index.html"), "utf8");
    assert.ok(index.includes(`href="./${path.basename(directory)}/report.html"`), "the history links to the run");
    const result = JSON.parse(await readFile(path.join(directory, "result.json"), "utf8"));
    assert.equal(result.verdict, "pass");
    assert.equal(result.seed, "7");
    assert.deepEqual(result.findings, []);
    assert.deepEqual(await leftOf(engine, pid), []);

    const html = await readFile(path.join(directory, "report.html"), "utf8");
    await rm(path.join(directory, "report.html"));
    assert.equal((await kvchaos(["report", directory, "--format", "html"])).code, 0);
    assert.equal(await readFile(path.join(directory, "report.html"), "utf8"), html);
    const replay = ["replay", directory, "--reports", path.join(folder, "again"), "--expect", "fail"];
    const again = await conclusive(replay);
    assert.equal(again.code, 1, `a pass that was expected to fail: ${again.stderr}`);
    const name = (await runFolders(path.join(folder, "again"))).at(-1);
    const [was, is] = await Promise.all(
      [directory, path.join(folder, "again", name ?? "")].map((one) => readFile(path.join(one, "plan.yaml"), "utf8")),
    );
    assert.equal(is, was);
  });

  it("repeats within --duration, looks at the time before every run, and counts all runs on every page; --keep leaves a cluster to `kvchaos clean`", async () => {
    const [file, other] = [await write("again.yaml", little("1s")), await write("other.yaml", little("1s"))];
    const next = await untilNobodyCleans();
    try {
      const once = new KvchaosProcess(run(file, other, "--image", "redis:7.0.15", "--duration", "1s", "--keep"));
      const { code, stderr } = await once.finished;
      // Its verdict is not the point: on a starved machine it may be inconclusive.
      assert.ok(code === 0 || code === 2, stderr);
      assert.match(stderr, /--duration 1s is over: not run were 1 of 2, from .*other\.yaml on/);
      assert.equal((await runFolders(reports)).length, 1);
      assert.ok((await leftOf(engine, once.child.pid)).some((name) => name.endsWith("-m1")));
      assert.equal((await kvchaos(["clean"])).code, 0);
      assert.deepEqual(await leftOf(engine, once.child.pid), []);
    } finally {
      await next();
    }
    /** Of the runs that have ended. */
    const results = async () => {
      const texts = (await runFolders(reports)).map((name) =>
        readFile(path.join(reports, name, "result.json"), "utf8").catch(() => "null"),
      );
      return (await Promise.all(texts)).map((text): { verdict?: string } => JSON.parse(text) ?? {});
    };
    // Runs that were starved have no answer and do not count.
    const judgedOf = (some: { verdict?: string }[]) =>
      some.filter(({ verdict }) => verdict === "pass" || verdict === "fail").length;
    const running = new KvchaosProcess(run(file, "--image", "redis:7.0.15", "--duration", "1h"));
    // The one that begins when there are enough is interrupted while it starts, and leaves nothing behind.
    await until({ what: "two runs that count, and one more", within: 500_000, every: 100 }, async () => {
      const now = await results();
      return running.child.exitCode !== null || (judgedOf(now) > 1 && now.at(-1)?.verdict === undefined);
    });
    running.child.kill("SIGTERM");
    const { code, stderr } = await running.finished;
    assert.equal(code, 130, stderr);
    assert.deepEqual(await leftOf(engine, running.child.pid), []);
    const ended = await results();
    assert.equal(ended.at(-1)?.verdict, "interrupted", stderr);
    const judged = judgedOf(ended);
    assert.ok(judged > 1, stderr);
    for (const name of (await runFolders(reports)).slice(1)) {
      const page = await readFile(path.join(reports, name, "report.html"), "utf8");
      assert.match(page, new RegExp(`: [0-9]+ of ${judged} `), name);
    }
  });

  it("heals, reports and exits 130 on Ctrl-C", async () => {
    const file = await write("long.yaml", experiment("60s"));
    const running = new KvchaosProcess(run(file, "--image", "redis:7.0.15"));
    await running.said(/fault freeze on r2/, 300_000);
    running.child.kill("SIGINT");
    const { code, stderr } = await running.finished;
    assert.equal(code, 130, stderr);
    const result = JSON.parse(await readFile(path.join(await onlyRun(), "result.json"), "utf8"));
    assert.equal(result.verdict, "interrupted");
    assert.deepEqual(await leftOf(engine, running.child.pid), []);
  });

  it("leaves nothing behind when it is killed with SIGKILL", async () => {
    const file = await write("long.yaml", little("60s"));
    const running = new KvchaosProcess(run(file, "--image", "redis:7.0.15"));
    await running.said(/chaos/, 300_000);
    assert.notDeepEqual(await leftOf(engine, running.child.pid), []);
    running.child.kill("SIGKILL");
    await running.finished;
    await until({ what: "the reaper to clean up", within: 120_000, every: 200 }, async () => {
      return (await leftOf(engine, running.child.pid)).length === 0;
    });
    // What the journal has of it can still be reported.
    const report = await kvchaos(["report", await onlyRun(), "--format", "json"]);
    assert.equal(report.code, 0, report.stderr);
  });

  it("leaves at once on a second Ctrl-C, and still nothing stays", async () => {
    const file = await write("long.yaml", little("60s"));
    const running = new KvchaosProcess(run(file, "--image", "redis:7.0.15"));
    await running.said(/chaos/, 300_000);
    running.child.kill("SIGINT");
    await running.said(/SIGINT/, 300_000);
    running.child.kill("SIGINT");
    assert.equal((await running.finished).code, 130);
    await until({ what: "the reaper to clean up", within: 120_000, every: 200 }, async () => {
      return (await leftOf(engine, running.child.pid)).length === 0;
    });
  });

  it("exits 4 with what to do when no daemon answers", async () => {
    const file = await write("short.yaml", experiment("3s"));
    const { code, stderr } = await kvchaos(run(file), { DOCKER_HOST: "unix:///nonexistent/docker.sock" });
    assert.equal(code, 4, stderr);
    assert.match(stderr, /nonexistent\/docker\.sock/);
    assert.match(stderr, /DOCKER_HOST/);
  });

  it("exits 4 when the image cannot be had, and names it", async () => {
    const file = await write("short.yaml", experiment("3s"));
    const { code, stderr } = await kvchaos(run(file, "--image", "redis:1.2.3-nowhere"));
    assert.equal(code, 4, stderr);
    assert.match(stderr, /redis:1\.2\.3-nowhere/);
  });

  it("exits 4 when a port it was told to use is taken, and leaves nothing behind", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      const made = await kvchaos(["explain", await write("made.yaml", experiment("3s")), "--compose"]);
      const text = made.stdout;
      const server = "  m1:\n    <<: *server\n";
      assert.ok(text.includes(server));
      const compose = await write(
        "cluster.yaml",
        text.replace(server, `${server}    ports: ["127.0.0.1:${port}:6379"]\n`),
      );
      const file = await write("short.yaml", experiment("3s", compose));
      const running = new KvchaosProcess(run(file, "--image", "redis:7.0.15"));
      const { code, stderr } = await running.finished;
      assert.equal(code, 4, stderr);
      assert.match(stderr, new RegExp(String(port)));
      assert.deepEqual(await leftOf(engine, running.child.pid), []);
    } finally {
      server.close();
    }
  });
});
