import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { seededRandom } from "../base/random.ts";
import { readRecords } from "../history/read-operations.ts";
import { HistoryWriter } from "../history/writer.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { RespError } from "../resp/reply.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { planned } from "../testing/load-fixture.support.ts";
import { LoadGenerator } from "./load-generator.ts";
import { cellShape, OperationLog } from "./operation-log.ts";
import { addSample, emptySample, type LoadSample } from "./tally.ts";
import { workloads } from "./workloads/registry.ts";

const NODES = ["m1", "m2"];
const MOVED = new RespError("MOVED 2843 10.0.0.2:6379");
const ASK = new RespError("ASK 2843 10.0.0.2:6379");
const SPEC: LoadSpec = { ...planned("set"), keys: 100, connections: 2, timeout: 60_000 };

describe("redirections", () => {
  const clock = monotonicClock();
  let one: FakeServer;
  let two: FakeServer;
  let generator: LoadGenerator | undefined;
  let seen: LoadSample;

  beforeEach(async () => {
    [one, two] = await Promise.all([FakeServer.start(), FakeServer.start()]);
    seen = emptySample("set");
  });
  afterEach(async () => {
    await generator?.stop();
    await Promise.all([one.stop(), two.stop()]);
  });

  const target = (to: FakeServer, node: string) => ({ node, host: to.host, port: to.port });

  function start(more: Partial<LoadSpec> = {}, log?: OperationLog): void {
    const spec = { ...SPEC, ...more };
    generator = new LoadGenerator({
      ...{ spec, clock, log, random: seededRandom("test"), share: { index: 0, of: 1 } },
      workload: workloads.get(spec.workload)!,
      targets: [target(one, "m1")],
      peers: { "10.0.0.1:6379": target(one, "m1"), "10.0.0.2:6379": target(two, "m2") },
    });
    generator.start(clock.now());
  }

  function counted(): LoadSample {
    if (generator) addSample(seen, generator.sample());
    return seen;
  }

  const seeing = (what: string, condition: (sample: LoadSample) => boolean) =>
    until({ what, within: 120_000, every: 5 }, () => condition(counted()));

  async function stopped(): Promise<LoadSample> {
    await generator?.stop();
    return counted();
  }

  it("MOVED: the command goes to the server that has the slot and is counted there, once", async () => {
    one.on("SET", () => MOVED);
    start();
    await seeing("100 operations", ({ ok }) => ok >= 100);
    const { ok, fail, nodes, redirects } = await stopped();
    assert.deepEqual([ok, fail], [two.count("SET"), 0]);
    assert.deepEqual(redirects, { MOVED: one.count("SET") });
    assert.equal(nodes.m2?.ok, ok);
    assert.equal(nodes.m1, undefined);
    assert.equal(two.count("ASKING"), 0);
  });

  it("ASK: the command goes there once, behind ASKING", async () => {
    const before = new Set<number>();
    one.on("SET", () => ASK);
    two.on("ASKING", (_, { index, command }) => {
      before.add(index * 1e6 + command + 1);
      return "OK";
    });
    two.on("SET", (_, { index, command }) => (before.has(index * 1e6 + command) ? "OK" : MOVED));
    start({ connections: 4, pipeline: 3 });
    await seeing("100 operations", ({ ok }) => ok >= 100);
    const { ok, redirects } = await stopped();
    assert.equal(ok, one.count("SET"));
    assert.deepEqual(redirects, { ASK: ok });
    assert.equal(two.count("ASKING"), ok);
  });

  it("TRYAGAIN: the command is sent again, to the server that had it first", async () => {
    one.on("SET", () => (one.count("SET") === 1 ? new RespError("TRYAGAIN later") : "OK"));
    start({ connections: 1 });
    await seeing("an operation", ({ ok }) => ok >= 10);
    const { ok, fail, redirects } = await stopped();
    assert.deepEqual([ok, fail], [one.count("SET") - 1, 0]);
    assert.deepEqual(redirects, { TRYAGAIN: 1 });
  });

  it("gives up when the operation's time is over: it failed for certain", async () => {
    one.on("SET", () => MOVED);
    two.on("SET", () => new RespError("MOVED 2843 10.0.0.1:6379"));
    start({ connections: 1, timeout: 100 });
    await seeing("a failure", ({ fail }) => fail >= 1);
    const { ok, info, errors } = await stopped();
    assert.deepEqual([ok, info, Object.keys(errors)], [0, 0, ["MOVED"]]);
  });

  it("a place in the pipeline is taken until there is an outcome", async () => {
    one.on("SET", () => ASK);
    two.on("SET", () => ({ do: "never" }));
    start({ connections: 2, pipeline: 3, timeout: 2_000 });
    await seeing("six on their way", () => two.count("SET") === 6);
    assert.equal(one.count("SET"), 6);
    const { ok, fail, info } = await stopped();
    assert.deepEqual([ok, fail, info], [0, 0, 6]);
  });

  it("who names a server that nobody knows is not followed", async () => {
    one.on("SET", () => new RespError("MOVED 2843 10.9.9.9:6379"));
    start({ connections: 1 });
    await seeing("a failure", ({ fail }) => fail >= 1);
    const { ok, redirects } = await stopped();
    assert.deepEqual([ok, redirects], [0, {}]);
  });

  it("is recorded once, with the server that did it, its value and what WAIT said there", async () => {
    const stored = new Map<string, Buffer>();
    one
      .on("SET", () => ASK)
      .on("GET", () => MOVED)
      .on("WAIT", () => 1);
    two.on("SET", ([, key, value]) => {
      stored.set(`${key}`, value as Buffer);
      return "OK";
    });
    two.on("GET", ([, key]) => stored.get(`${key}`) ?? null).on("WAIT", () => 2);
    const directory = await mkdtemp(path.join(tmpdir(), "kvchaos-redirects-"));
    try {
      const spec: LoadSpec = { ...SPEC, workload: "get-set", record: true, wait: { replicas: 2, within: 60_000 } };
      const writer = HistoryWriter.open(path.join(directory, "0.ops"));
      const share = { index: 0, of: 1 };
      const log = new OperationLog({ spec, writer, nodes: NODES, share, random: seededRandom("r") });
      start(spec, log);
      await seeing("400 operations", ({ ok }) => ok >= 400);
      const { ok, fail } = await stopped();
      const { operations } = await writer.close();
      const files = [{ file: "0.ops", operations }];
      const problems: string[] = [];
      const rows = await readRecords({ directory, files, shape: cellShape(spec), nodes: NODES, foreign: [], problems });
      assert.deepEqual([problems, fail, rows.length], [[], 0, ok]);
      const places = Array.from({ length: rows.length }, (_, i) => i);
      assert.ok(places.every((i) => rows.node[i] === 1 && rows.outcome[i] === 0));
      const writes = places.filter((i) => rows.kind[i] === 0);
      assert.ok(writes.every((i) => rows.replicas[i] === 2));
      const written = new Set(writes.map((i) => `${rows.cell[i]}=${rows.value[i]}`));
      const reads = places.filter((i) => rows.kind[i] === 1 && rows.value[i] !== 0);
      assert.ok(reads.length > 0 && reads.every((i) => written.has(`${rows.cell[i]}=${rows.value[i]}`)));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
