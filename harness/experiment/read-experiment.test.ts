import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { mistakesError } from "../base/mistakes.ts";
import { fakeRegistries } from "../testing/fake-registries.support.ts";
import { readExperiment } from "./read-experiment.ts";

describe("readExperiment", () => {
  let folder = "";
  let number = 0;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kvchaos-experiment-"));
    writeFileSync(join(folder, "cluster.yaml"), "services: {}\n");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (text: string | Buffer): string => {
    const file = join(folder, `${++number}.yaml`);
    writeFileSync(file, text);
    return file;
  };
  const load = (text: string) =>
    readExperiment(write(`title: A title\ncluster: cluster.yaml\n${text}`), fakeRegistries);
  /** The lines of the error, without the file's name. */
  const refused = async (file: string, registries = fakeRegistries): Promise<string[]> => {
    try {
      await readExperiment(file, registries);
    } catch (error) {
      assert.ok(error instanceof ChaosError, String(error));
      assert.equal(error.code, "invalid-experiment");
      return error.message.split("\n").map((line) => line.replace(`${file}:`, ""));
    }
    return assert.fail("the file was accepted");
  };

  it("fills in every default", async () => {
    const experiment = await load("");
    assert.deepEqual(experiment, {
      file: join(folder, `${number}.yaml`),
      title: "A title",
      description: null,
      why: null,
      systems: ["kvrocks", "pika", "redis"],
      issue: null,
      tags: [],
      images: {},
      cluster: join(folder, "cluster.yaml"),
      config: {},
      preload: null,
      fullSync: null,
      cores: false,
      locks: false,
      noise: null,
      known: [],
      limits: { fullSyncs: null, memory: null },
      confirms: null,
      load: [],
      benchmarks: [],
      faults: [],
      warmUp: 3000,
      duration: 30_000,
      watchdog: {
        hangAfter: 5000,
        hangLimit: null,
        slowAfter: null,
        stallAfter: 10_000,
        connections: null,
        interval: 500,
        poll: 1000,
      },
      recovery: { within: 30_000 },
      reconcile: "minimal",
      allow: [],
      checks: [
        "no-hang",
        "no-crash",
        "one-master",
        "failovers",
        "converges",
        "replication-progress",
        "recovers-within",
        "serves",
        "protocol",
      ],
      expectRoles: {},
      expectations: [],
      stopOn: "end",
      expect: null,
      losses: null,
      timeToFinding: null,
    });
  });

  it("reads what should be found: one type or several, why, and after how long", async () => {
    const one = await load(
      "expect: { finding: hang, class: deadlocked }\nwhy: It waits for itself.\ntime-to-finding: 2s..20s\n",
    );
    assert.deepEqual(
      [one.expect, one.why, one.timeToFinding],
      [
        { finding: ["hang"], class: "deadlocked", sometimes: false },
        "It waits for itself.",
        { min: 2000, max: 20_000 },
      ],
    );
    const several = await load("expect: { finding: [hang, crash], sometimes: true }\ntime-to-finding: 5s\n");
    assert.deepEqual(several.expect, { finding: ["hang", "crash"], class: null, sometimes: true });
    assert.deepEqual(several.timeToFinding, { min: 5000, max: 5000 });
  });

  it("reads what is expected on the way, names it, and adds the check for it", async () => {
    const { expectations, checks } = await load(`load: [{ workload: set }]
faults:
  - { id: cold, fault: freeze, at: 1s, node: r1, for: 5s }
expectations:
  - { node: r1, full-sync: done, while: cold }
  - { node: any-replica, state: link-up, within: 30s, of: cold }
  - { id: link-up-1, node: r2, state: link-up, within: 10s, phase: recovery }
  - { node: m1, log: "lost [0-9]+", within: 5s, phase: heal }
  - { node: m1, condition: healthy, within: 5s, of: cold }
  - { served: set, within: 5s, phase: chaos }
`);
    assert.deepEqual(
      expectations.map(({ id, node }) => `${id}: ${node}`),
      [
        "full-sync-done-1: r1",
        "link-up-2: any-replica",
        "link-up-1: r2",
        "log-1: m1",
        "healthy-1: m1",
        "served-1: null",
      ],
    );
    assert.deepEqual(
      expectations.map(({ what }) => what),
      [
        { kind: "full-sync-done" },
        { kind: "state", state: "link-up" },
        { kind: "state", state: "link-up" },
        { kind: "log", pattern: "lost [0-9]+" },
        { kind: "condition", condition: "healthy" },
        { kind: "served", load: "set" },
      ],
    );
    assert.deepEqual(
      expectations.slice(0, 4).map(({ when }) => when),
      [
        { kind: "while", of: "cold" },
        { kind: "within", of: "cold", within: 30_000 },
        { kind: "phase", phase: "recovery", within: 10_000 },
        { kind: "phase", phase: "heal", within: 5_000 },
      ],
    );
    assert.equal(checks.at(-1), "expectations");
    assert.ok(!(await load("")).checks.includes("expectations"));
  });

  it("reads which losses are allowed: the default is nothing in the plan, and they are for no-lost-writes", async () => {
    const recorded = "load: [{ workload: set, record: true }]\nchecks: [no-lost-writes]\n";
    const losses = async (word: string) => (await load(`${recorded}losses: ${word}\n`)).losses;
    assert.deepEqual(await Promise.all(["none", "unconfirmed", "any"].map(losses)), ["none", null, "any"]);
    await assert.rejects(load("losses: none\n"), /losses is for the check no-lost-writes/);
    await assert.rejects(losses("some"), /expected one of none, unconfirmed, any, got "some"/);
  });

  it("reads loads in all their spellings and names them", async () => {
    const { load: loads } = await load(`load:
  - workload: set
  - { workload: set, rate: 2000/s, on: replicas, value: 1KiB..4KiB }
  - { workload: zadd, rate: 1.5k/s, on: [m1, r1], key-prefix: "z/", name: scores }
`);
    assert.deepEqual(
      loads.map(({ name, rate, on, keyPrefix, value }) => ({ name, rate, on, keyPrefix, value })),
      [
        { name: "set", rate: null, on: "masters", keyPrefix: "set:", value: { min: 100, max: 100 } },
        { name: "set#2", rate: 2000, on: "replicas", keyPrefix: "set#2:", value: { min: 1024, max: 4096 } },
        { name: "scores", rate: 1500, on: ["m1", "r1"], keyPrefix: "z/", value: { min: 100, max: 100 } },
      ],
    );
  });

  it("reads redis-benchmark beside other loads", async () => {
    const { load: loads, benchmarks } = await load(`load:
  - { workload: set }
  - { tool: redis-benchmark, args: [-t, zadd, -c, 20, -P, 4] }
  - { tool: redis-benchmark, on: [r1], name: pings, args: [PING] }
  - { tool: redis-benchmark }
`);
    assert.deepEqual(
      loads.map(({ name }) => name),
      ["set"],
    );
    assert.deepEqual(benchmarks, [
      { name: "redis-benchmark", on: "masters", via: "direct", args: ["-t", "zadd", "-c", "20", "-P", "4"] },
      { name: "pings", on: ["r1"], via: "direct", args: ["PING"] },
      { name: "redis-benchmark#2", on: "masters", via: "direct", args: [] },
    ]);
  });

  it("reads the four triggers", async () => {
    const { faults } = await load(`duration: 60s
faults:
  - { id: one, fault: freeze, node: r1, at: 1s..2s, for: 500ms..1s }
  - { fault: flush, every: 2s, count: 3 }
  - { fault: flush, after: one, delay: 1s }
  - { fault: freeze, node: r2, when: { node: replica, state: full-sync, progress: 10%..90% }, count: 2 }
  - { fault: cut, links: [r1 -> m1], when: { node: m1, log: "sync .* started" } }
  - { fault: flush, when: { node: r1, log: "sync", nth: 3 }, delay: 10s }
  - { fault: flush, when: { node: master, since-start: 20s..30s }, count: 2 }
  - { fault: cut, links: [r1 -> m1], when: { node: r1, state: full-sync, bytes: 5MB..20MB } }
`);
    assert.deepEqual(
      faults.map(({ id, trigger, duration }) => ({ id, trigger, duration })),
      [
        { id: "one", trigger: { kind: "at", at: { min: 1000, max: 2000 } }, duration: { min: 500, max: 1000 } },
        {
          id: "flush-1",
          trigger: { kind: "every", every: { min: 2000, max: 2000 }, count: 3, start: { min: 0, max: 0 } },
          duration: null,
        },
        { id: "flush-2", trigger: { kind: "after", after: "one", delay: { min: 1000, max: 1000 } }, duration: null },
        {
          id: "freeze-1",
          trigger: {
            kind: "when",
            when: { kind: "state", node: "replica", state: "full-sync", progress: { min: 0.1, max: 0.9 } },
            delay: { min: 0, max: 0 },
            count: 2,
          },
          duration: null,
        },
        {
          id: "cut-1",
          trigger: {
            kind: "when",
            when: { kind: "log", node: "m1", pattern: "sync .* started", nth: 1 },
            delay: { min: 0, max: 0 },
            count: 1,
          },
          duration: null,
        },
        {
          id: "flush-3",
          trigger: {
            kind: "when",
            when: { kind: "log", node: "r1", pattern: "sync", nth: 3 },
            delay: { min: 10_000, max: 10_000 },
            count: 1,
          },
          duration: null,
        },
        {
          id: "flush-4",
          trigger: {
            kind: "when",
            when: { kind: "since-start", node: "master", after: { min: 20_000, max: 30_000 } },
            delay: { min: 0, max: 0 },
            count: 2,
          },
          duration: null,
        },
        {
          id: "cut-2",
          trigger: {
            kind: "when",
            when: { kind: "sync-bytes", node: "r1", bytes: { min: 5e6, max: 20e6 } },
            delay: { min: 0, max: 0 },
            count: 1,
          },
          duration: null,
        },
      ],
    );
  });

  it("makes the chaos phase as long as the timetable needs when no duration is given", async () => {
    const { duration } = await load(
      "faults: [{ fault: freeze, node: r1, every: 5s..10s, count: 8, start: 3s, for: 2s }]\n",
    );
    assert.equal(duration, 76_000); // 3 s + 7 × 10 s + 2 s, and a second to spare
  });

  it("refuses an unknown key of a fault even if the fault's own schema does not", async () => {
    const file = write(
      "title: T\ncluster: cluster.yaml\nfaults:\n  - { fault: cut, at: 1s, links: [r1 -> m1], pauze: 2s }\n",
    );
    assert.deepEqual(await refused(file), ['4:46: unknown key "pauze"; did you mean "pause"?']);
  });

  it("says every mistake at once, in the order of the file", async () => {
    const file = write(`titel: T
cluster: missing.yaml
load:
  - { workload: sett, connections: 0 }
duration: 10s
faults:
  - { id: a, fault: flush, at: 20s }
  - { id: a, fault: flsh, at: 1s }
  - { fault: cut, links: [], after: b }
checks: [no-hnag]
`);
    assert.deepEqual(
      (await refused(file)).map((line) => line.split(": ")[0]),
      ["1:1", "1:1", "2:10", "4:17", "4:36", "7:32", "8:11", "8:21", "9:26", "9:37", "10:10"],
    );
  });

  it("passes on the positions of a broken Compose file, after its own", async () => {
    const file = write("title: T\ncluster: cluster.yaml\nlod: []\n");
    const broken = mistakesError([{ file: "cluster.yaml", line: 3, column: 5, message: "unknown key" }]);
    const registries = { ...fakeRegistries, readShape: () => Promise.reject(broken) };
    assert.deepEqual(await refused(file, registries), [
      '3:1: unknown key "lod"; did you mean "load"?',
      "cluster.yaml:3:5: unknown key",
    ]);
  });

  it("does not take an internal error for the user's mistake", async () => {
    const registries = { ...fakeRegistries, readShape: () => Promise.reject(new TypeError("a bug")) };
    await assert.rejects(readExperiment(write("title: T\ncluster: cluster.yaml\n"), registries), TypeError);
  });

  it("refuses a cluster without a master, and names of replicas where there are none", async () => {
    const shape = { masters: [], replicas: [], controls: [], links: [] };
    const registries = { ...fakeRegistries, readShape: async () => shape };
    const file = write("title: T\ncluster: cluster.yaml\nload: [{ workload: set, on: replicas }]\n");
    const lines =
      "add to each server `labels: {kvchaos.role: master}`, or `labels: {kvchaos.role: replica, kvchaos.master: <its master>}`; `kvchaos explain <experiment> --compose` prints a file with a Toxiproxy";
    assert.deepEqual(await refused(file, registries), [
      `2:10: ${join(folder, "cluster.yaml")} has no service with the label kvchaos.role: master; ${lines}`,
      "3:29: the cluster has no replica",
    ]);
  });

  it("refuses what is not a text file", async () => {
    assert.deepEqual(await refused(join(folder, "nothing.yaml")), [`${folder}/nothing.yaml does not exist`]);
    assert.deepEqual(await refused(folder), [`${folder} is a directory, not a file`]);
    assert.deepEqual(await refused(write("")), ["1:1: the file is empty: expected an experiment"]);
    assert.deepEqual(await refused(write("a: é\u0000")), ["1:5: not a text file: it contains a control character"]);
    assert.deepEqual(await refused(write(Buffer.from([0x61, 0x0a, 0x62, 0xff, 0xfe]))), [
      "2:2: not a text file: expected UTF-8",
    ]);
    assert.deepEqual(await refused(write(`# ${"x".repeat(1024 ** 2)}\n`)), [
      "1:1: the file has 1048579 bytes; at most 1048576 (1 MiB) are read",
    ]);
  });

  it("survives a file made to break parsers", async () => {
    for (const deep of ["[", "{a: ", "- ", "? "]) {
      const [line = ""] = await refused(write(deep.repeat(200_000)));
      assert.match(line, /^1:\d+: broken YAML: nested too deeply$/);
    }
    const stairs = Array.from({ length: 1000 }, (_, level) => `${" ".repeat(level)}a:\n`).join("");
    assert.deepEqual(await refused(write(stairs)), ["201:1: broken YAML: nested too deeply"]);
    assert.match((await refused(write("__proto__: 1\nconstructor: 2\n"))).join("\n"), /unknown key "constructor"/);
  });

  it("accepts a byte order mark and Windows line ends", async () => {
    const file = write("\ufefftitle: T\r\ncluster: cluster.yaml\r\nlod: 1\r\n");
    assert.deepEqual(await refused(file), ['3:1: unknown key "lod"; did you mean "load"?']);
  });
});
