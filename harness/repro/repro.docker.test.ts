import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { Finding, JournalEvent } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import { recordOf } from "../journal/record.ts";
import { scriptOf as scriptOfRun } from "../report/repro-script.ts";
import { summarize } from "../report/run-summary.ts";
import { plannedRun } from "../testing/samples/plan.support.ts";
import { skip } from "../testing/skip.support.ts";

const ROOT = path.join(import.meta.dirname, "../..");

/** Every kind of fault that a healthy Redis gets over, and last some keys of r2's own: what the script must show. */
const EXPERIMENT = `
title: A replica has keys of its own after an eventful half a minute
systems: [redis]
databases: 2
cluster: { masters: 1, replicas: 2 }
preload: { keys: 200 }
load:
  - { workload: set, rate: 200/s, connections: 4, keys: 500 }
  - { workload: zadd, rate: 100/s, connections: 2, keys: 10, elements: 5 }
warm-up: 1s
duration: 36s
faults:
  - { id: there, fault: switch-master, at: 1s, to: r1 }
  - { id: back, fault: switch-master, after: there, delay: 1s, to: m1 }
  - { id: cut, fault: partition, after: back, delay: 1s, links: [r1 -> master], mode: blackhole, for: 2s }
  - { id: slow, fault: latency, after: back, delay: 1s, links: [r2 -> m1], latency: 20ms, for: 2s }
  - { id: flush, fault: flushall, after: cut, delay: 500ms }
  - { id: freeze, fault: pause, after: back, delay: 2s, node: r2, for: 1s }
  - { id: crash, fault: kill, after: flush, delay: 1s, node: r1, restart-after: 1s }
  - { id: upgrade, fault: rolling-upgrade, after: crash, delay: 4s, image: "valkey/valkey:8.0.1", order: [r1, masters] }
  - { id: own-keys, fault: command, after: upgrade, node: r2, argv: [DEBUG, POPULATE, "5", own] }
recovery: { within: 30s }
checks: [converges]
`;

interface Ended {
  code: number | null;
  output: string;
  /** What it has left on this machine: everything that it makes has its process id in its name. */
  left: string[];
}

async function run(script: string): Promise<Ended> {
  const child = spawn("bash", ["-s"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(script);
  const [[code], output] = await Promise.all([once(child, "close"), text(child.stdout)]);
  const list = (...words: string[]) => spawnSync("docker", words, { encoding: "utf8" }).stdout.split("\n");
  const names = [...list("ps", "-a", "--format", "{{.Names}}"), ...list("network", "ls", "--format", "{{.Name}}")];
  return { code, output, left: names.filter((name) => name.startsWith(`repro-${child.pid}`)) };
}

async function scriptFor(file: string, type: Finding["type"]): Promise<string> {
  const planned = await plannedRun(file, "redis");
  const finding: Finding = { type, class: "x", node: "r1", from: 1, to: null, summary: "x", proof: null, evidence: [] };
  const check: JournalEvent = { type: "check", t: 2, name: "x", valid: false, why: null, findings: [finding] };
  const made = recordScript(recordOf([...planned.events, check]));
  assert.ok("text" in made);
  return made.text;
}

const recordScript = (record: RunRecord) => scriptOfRun(record, summarize(record));

describe("repro.sh, run", function () {
  this.timeout(600_000);

  before(function () {
    if (spawnSync("docker", ["version"]).status !== 0) skip(this, "no docker command");
  });

  it("does every fault without kvchaos, shows the data that differs and only that, and leaves nothing behind", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-repro-"));
    try {
      const file = path.join(folder, "eventful.yaml");
      await writeFile(file, EXPERIMENT);
      const { code, output, left } = await run(await scriptFor(file, "divergence"));
      assert.equal(code, 0, output);
      assert.match(output, /r2: DIFFERS from its master r1 in 5 keys/, output);
      assert.match(output, /\| {3}own:4\tstring\tvalue:4/, output);
      assert.match(output, /m1: holds the same as its master r1/, output);
      assert.match(output, /r2: holds the same as its master r1 \([1-9]\d* keys\) \(-n 1\)/, output);
      for (const said of [
        "r1: master: OK",
        "m1: FLUSHALL: OK",
        "cut is over",
        "freeze is over",
        "crash is over",
        "2 of 2 run on valkey/valkey:8.0.1: r1 m1",
      ])
        assert.ok(output.includes(said), `${said}\n${output}`);
      assert.ok(!/toxic .* could not|not recovered|still without answer/.test(output), output);
      assert.deepEqual(left, []);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("shows a hung server with nothing but PING", async () => {
    const file = path.join(ROOT, "experiments/redis/controls/deadlocked.yaml");
    const { code, output, left } = await run(
      (await scriptFor(file, "hang")).replace("CHAOS_MS=10000", "CHAOS_MS=3000"),
    );
    assert.equal(code, 0, output);
    assert.match(output, /r1: HUNG: none of 20 new connections had an answer to PING/, output);
    assert.match(output, /REPRODUCED/);
    assert.deepEqual(left, []);
  });
});
