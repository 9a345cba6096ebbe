import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import { seededRandom } from "../../base/random.ts";
import { readRecords } from "../../history/read-operations.ts";
import { HistoryWriter } from "../../history/writer.ts";
import { KIND, NOTHING, OUTCOME } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { RespError } from "../../resp/reply.ts";
import { FakeServer } from "../../testing/fake-server.support.ts";
import { planned } from "../../testing/load-fixture.support.ts";
import { LoadGenerator } from "../load-generator.ts";
import { cellShape, OperationLog } from "../operation-log.ts";
import { addSample, emptySample, type LoadSample } from "../tally.ts";
import { workloads } from "../workloads/registry.ts";

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

  /** Runs a recorded load until what was counted is enough; what was recorded, in order. */
  async function recording(more: Partial<LoadSpec>, enough: (sample: LoadSample) => boolean) {
    const directory = await mkdtemp(path.join(tmpdir(), "kvchaos-redirects-"));
    try {
      const spec: LoadSpec = { ...SPEC, ...more, record: true };
      const writer = HistoryWriter.open(path.join(directory, "0.ops"));
      const share = { index: 0, of: 1 };
      const log = new OperationLog({ spec, writer, nodes: NODES, share, random: seededRandom("r") });
      start(spec, log);
      await seeing("enough operations", enough);
      const sample = await stopped();
      const { operations } = await writer.close();
      const files = [{ file: "0.ops", operations }];
      const problems: string[] = [];
      const read = await readRecords({ directory, files, shape: cellShape(spec), nodes: NODES, foreign: [], problems });
      assert.deepEqual(problems, []);
      const { cell, kind, value, node, outcome, replicas } = read;
      const rows = Array.from({ length: read.length }, (_, i) => ({
        ...{ cell: cell[i] as number, kind: kind[i], value: value[i] as number },
        ...{ node: node[i], outcome: outcome[i], replicas: replicas[i] },
      }));
      return { rows, sample };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
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

  describe("of operations of several commands", () => {
    /** MULTI … EXEC as servers do them. @param refuse what is said to commands with keys; undefined: they are done */
    function transactions(server: FakeServer, refuse: () => RespError | undefined) {
      const data = new Map<string, string>();
      /** Names of the commands, by connection. */
      const said: string[][] = [];
      const note = ([name]: readonly Buffer[], index: number) => {
        said[index] ??= [];
        said[index].push(String(name));
      };
      const queues = new Map<number, string[][] | "aborted">();
      const run = ([name, key = "", value = ""]: string[]) => {
        if (name === "SET") data.set(key, value);
        const held = data.get(key);
        return name === "SET" || name === "WATCH" ? "OK" : held === undefined ? null : Buffer.from(held);
      };
      server
        .on("*", (words, { index }) => {
          note(words, index);
          const argv = words.map(String);
          const queue = queues.get(index);
          const refusal = refuse();
          if (refusal && queue) queues.set(index, "aborted");
          if (refusal) return refusal;
          if (Array.isArray(queue)) queue.push(argv);
          return queue ? "QUEUED" : run(argv);
        })
        .on("MULTI", (words, { index }) => {
          note(words, index);
          queues.set(index, []);
          return "OK";
        })
        .on("ASKING", (words, { index }) => {
          note(words, index);
          return "OK";
        })
        .on("DISCARD", (words, { index }) => {
          note(words, index);
          return queues.delete(index) ? "OK" : new RespError("ERR DISCARD without MULTI");
        })
        .on("EXEC", (words, { index }) => {
          note(words, index);
          const queue = queues.get(index);
          queues.delete(index);
          if (!queue) return new RespError("ERR EXEC without MULTI");
          return queue === "aborted" ? new RespError("EXECABORT Transaction discarded") : queue.map(run);
        });
      return { data, said };
    }

    const TALKS: Partial<LoadSpec> = { keys: 5, elements: 3, keyPrefix: "{a}tx:", value: { min: 20, max: 20 } };

    it("a transaction is had once more as a whole where its slot is, counted and recorded once, there", async () => {
      transactions(one, () => MOVED);
      const { data } = transactions(two, () => undefined);
      const { rows, sample } = await recording(
        { ...TALKS, workload: "transaction", connections: 1 },
        ({ ok }) => ok >= 200,
      );
      assert.deepEqual([sample.fail, sample.info, rows.length], [0, 0, sample.ok]);
      assert.deepEqual(sample.redirects, { MOVED: one.count("MULTI") });
      assert.deepEqual([sample.nodes.m2?.ok, sample.nodes.m1], [sample.ok, undefined]);
      assert.ok(rows.every(({ node }) => node === 1));
      const written = new Map<number, number>();
      for (const { cell, kind, outcome, value } of rows) {
        if (kind === KIND.write && outcome === OUTCOME.ok) written.set(cell, value);
      }
      for (const [cell, value] of written) {
        const held = [0, 1, 2].map((part) => data.get(`{a}tx:${cell}:${part}`)?.split(":")[0]);
        assert.deepEqual(held, [value, value, value].map(String));
      }
    });

    it("ASKING comes before each of its commands outside of MULTI, and before none within", async () => {
      transactions(one, () => ASK);
      const { said } = transactions(two, () => undefined);
      start({ ...TALKS, workload: "transaction" });
      await seeing("200 operations", ({ ok }) => ok >= 200);
      const { fail } = await stopped();
      assert.equal(fail, 0);
      const all = said.map((words) => `${words.join(" ")} `).join("");
      const each = /(?:ASKING WATCH ASKING GET )?ASKING MULTI (?:(?:SET|GET) ){3}(?:EXEC|DISCARD) /g;
      assert.equal(all.replaceAll(each, ""), "");
      assert.match(all, /ASKING WATCH ASKING GET ASKING MULTI SET/);
    });

    it("TRYAGAIN: it is had again where it was first, when the slot is whole", async () => {
      let refusals = 0;
      transactions(one, () => (refusals++ < 10 ? new RespError("TRYAGAIN later") : undefined));
      start({ ...TALKS, workload: "transaction", connections: 1 });
      await seeing("20 operations", ({ ok }) => ok >= 20);
      const { fail, redirects, nodes } = await stopped();
      assert.deepEqual([fail, Object.keys(redirects), Object.keys(nodes)], [0, ["TRYAGAIN"], ["m1"]]);
    });

    it("what has taken effect is not had again: an entry that was delivered, whose XACK is refused", async () => {
      one
        .on("XREADGROUP", () => [["s", [["1-1", ["v", "1:x"]]]]])
        .on("XACK", () => MOVED)
        .on("XADD", () => "1-1");
      const { rows, sample } = await recording({ ...TALKS, workload: "stream" }, ({ ok }) => ok >= 50);
      assert.deepEqual([sample.fail, sample.info, rows.length, two.accepted], [0, 0, sample.ok, 0]);
      assert.deepEqual(sample.redirects, {});
    });

    it("is unknown when the server that was to do it does not answer, and is not had a third time", async () => {
      one.on("*", () => MOVED);
      two.on("*", () => ({ do: "close" }));
      const { rows, sample } = await recording(
        { ...TALKS, workload: "queue", connections: 1 },
        ({ info }) => info >= 20,
      );
      assert.deepEqual([sample.ok, sample.fail, rows.length, two.count()], [0, 0, sample.info, sample.info]);
      assert.ok(rows.every(({ outcome, node }) => outcome === OUTCOME.info && node === 1));
    });

    it("did not happen when its time is over and nobody has taken it", async () => {
      one.on("*", () => MOVED);
      two.on("*", () => new RespError("MOVED 2843 10.0.0.1:6379"));
      const spec = { ...TALKS, workload: "queue", connections: 1, timeout: 100 };
      const { rows, sample } = await recording(spec, ({ fail }) => fail >= 1);
      assert.deepEqual([sample.ok, sample.info, Object.keys(sample.errors)], [0, 0, ["MOVED"]]);
      assert.ok(rows.length === sample.fail && rows.every(({ outcome }) => outcome === OUTCOME.fail));
    });
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
    const wait = { replicas: 2, within: 60_000 };
    const { rows, sample } = await recording({ workload: "get-set", wait }, ({ ok }) => ok >= 400);
    assert.deepEqual([sample.fail, rows.length], [0, sample.ok]);
    assert.ok(rows.every(({ node, outcome }) => node === 1 && outcome === OUTCOME.ok));
    const writes = rows.filter(({ kind }) => kind === KIND.write);
    assert.ok(writes.every(({ replicas }) => replicas === 2));
    const written = new Set(writes.map(({ cell, value }) => `${cell}=${value}`));
    const reads = rows.filter(({ kind, value }) => kind === KIND.read && value !== NOTHING);
    assert.ok(reads.length > 0 && reads.every(({ cell, value }) => written.has(`${cell}=${value}`)));
  });
});
