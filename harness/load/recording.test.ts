import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { seededRandom } from "../base/random.ts";
import { readRun } from "../history/read-history.ts";
import { readRecords } from "../history/read-operations.ts";
import { HistoryWriter } from "../history/writer.ts";
import { type EventOf, eventSchema, type JournalEvent } from "../journal/events.ts";
import { KIND, keyOf, NOT_ASKED, OUTCOME } from "../journal/history.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { JournalWriter } from "../journal/writer.ts";
import { type Reply, RespError } from "../resp/reply.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { CellValues } from "./cell-values.ts";
import { LoadGenerator } from "./load-generator.ts";
import { LoadRunner } from "./load-runner.ts";
import { cellShape, OperationLog } from "./operation-log.ts";
import { addSample, emptySample, type LoadSample } from "./tally.ts";
import { workloads } from "./workloads/registry.ts";

const SPEC: LoadSpec = {
  name: "l",
  workload: "get-set",
  on: "masters",
  via: "link",
  connections: 1,
  pipeline: 4,
  rate: null,
  keys: 20,
  keyPrefix: "k:",
  value: { min: 8, max: 30 },
  elements: 5,
  timeout: 30_000,
  record: true,
  wait: null,
};
const NODES = ["m1", "m2"];

/** One recorded operation in words. */
interface Row {
  kind: "read" | "write";
  key: string;
  outcome: "ok" | "fail" | "info";
  value: number;
  replicas: number;
  client: number;
  node: string;
  invoked: number;
  completed: number;
}

describe("recording a load", function () {
  this.timeout(600_000); // the servers of all tests share two cores

  const clock = monotonicClock();
  let server: FakeServer;
  let directory: string;
  let generators: LoadGenerator[];
  let writers: HistoryWriter[];
  let seen: LoadSample;
  /** What the server has stored. */
  let stored: Map<string, Buffer>;

  beforeEach(async () => {
    server = await FakeServer.start();
    directory = await mkdtemp(path.join(tmpdir(), "kvchaos-recording-"));
    [generators, writers, stored, seen] = [[], [], new Map(), emptySample("l")];
    server.on("SET", ([, key, value]) => {
      stored.set(`${key}`, value as Buffer);
      return "OK";
    });
    server.on("GET", ([, key]) => stored.get(`${key}`) ?? null);
  });
  afterEach(async () => {
    await Promise.all(generators.map((one) => one.stop()));
    await Promise.all([server.stop(), ...writers.map((one) => one.close())]);
    await rm(directory, { recursive: true, force: true });
  });

  const target = (to: FakeServer, node = "m1") => ({ node, host: to.host, port: to.port });

  function start(more: Partial<LoadSpec> = {}, share = { index: 0, of: 1 }): LoadGenerator {
    const spec = { ...SPEC, ...more };
    const writer = HistoryWriter.open(path.join(directory, `${share.index}.ops`));
    writers.push(writer);
    const random = seededRandom(`${share.index}`);
    const log = new OperationLog({ spec, writer, nodes: NODES, share, random });
    const generator = new LoadGenerator({
      ...{ spec, share, random, clock, log },
      workload: workloads.get(spec.workload)!,
      targets: [target(server)],
    });
    generators.push(generator);
    generator.start(clock.now());
    return generator;
  }

  function counted(): LoadSample {
    for (const generator of generators) addSample(seen, generator.sample());
    return seen;
  }

  const seeing = (what: string, condition: (sample: LoadSample) => boolean) =>
    until({ what, within: 120_000, every: 5 }, () => condition(counted()));

  /** Stops everything and reads what was recorded. Every operation that was counted is there once, with its outcome. */
  async function recorded(spec: Partial<LoadSpec> = {}): Promise<{ rows: Row[]; foreign: string[] }> {
    await Promise.all(generators.map((one) => one.stop()));
    const ends = await Promise.all(writers.map((one) => one.close()));
    const shape = cellShape({ ...SPEC, ...spec });
    const files = ends.map(({ operations }, i) => ({ file: `${i}.ops`, operations }));
    const [foreign, problems]: [string[], string[]] = [[], []];
    const all = await readRecords({ directory, files, shape, nodes: NODES, foreign, problems });
    assert.deepEqual(problems, []);
    const nameOf = (names: Record<string, number>, number: number | undefined): string =>
      Object.keys(names).find((name) => names[name] === number) ?? "";
    const rows = Array.from(
      { length: all.length },
      (_, i): Row => ({
        kind: nameOf(KIND, all.kind[i]) as Row["kind"],
        key: keyOf(shape, all.cell[i] as number),
        outcome: nameOf(OUTCOME, all.outcome[i]) as Row["outcome"],
        value: all.value[i] as number,
        replicas: all.replicas[i] as number,
        client: all.client[i] as number,
        node: NODES[all.node[i] as number] as string,
        invoked: all.invoked[i] as number,
        completed: all.completed[i] as number,
      }),
    ).sort((a, b) => a.invoked - b.invoked);
    const { ok, fail, info, errors } = counted();
    const never = (errors["connect-refused"] ?? 0) + (errors["connect-failed"] ?? 0) + (errors["not-sent"] ?? 0);
    assert.deepEqual(count(rows), { ok, fail: fail - never, info });
    for (const { outcome, invoked, completed } of rows) {
      assert.ok(outcome === "info" ? Number.isNaN(completed) : completed >= invoked);
    }
    return { rows, foreign };
  }

  const count = (rows: Row[]) => ({
    ok: rows.filter(({ outcome }) => outcome === "ok").length,
    fail: rows.filter(({ outcome }) => outcome === "fail").length,
    info: rows.filter(({ outcome }) => outcome === "info").length,
  });
  const writes = (rows: Row[]) => rows.filter(({ kind }) => kind === "write");

  it("keeps what the server was asked, in its order, and what it said", async () => {
    const received: string[] = [];
    server.on("SET", ([, key, value]) => {
      received.push(`write ${key} ${Number.parseInt(`${value}`, 10)}`);
      stored.set(`${key}`, value as Buffer);
      return "OK";
    });
    server.on("GET", ([, key]) => {
      const value = stored.get(`${key}`);
      received.push(`read ${key} ${value ? Number.parseInt(`${value}`, 10) : 0}`);
      return value ?? null;
    });
    start();
    await seeing("2000 operations", ({ ok }) => ok > 2000);
    const { rows, foreign } = await recorded();
    assert.deepEqual(
      rows.map(({ kind, key, value }) => `${kind} ${key} ${value}`),
      received,
    );
    assert.deepEqual(foreign, []);
    assert.ok(rows.every(({ node, client, replicas }) => node === "m1" && client === 0 && replicas === NOT_ASKED));
  });

  for (const [workload, command, written] of [
    ["set", "SET", 2],
    ["zadd", "ZADD", 2],
    ["hset", "HSET", 3],
  ] as const) {
    it(`${workload}: every write has a number of its own, on every thread`, async () => {
      const received = new Set<number>();
      server.on(command, (argv) => {
        received.add(Number.parseInt(`${argv[written]}`, 10));
        return 1;
      });
      start({ workload, connections: 4 }, { index: 0, of: 2 });
      start({ workload, connections: 4 }, { index: 1, of: 2 });
      await seeing("1000 operations", ({ ok }) => ok > 1000);
      const { rows } = await recorded({ workload });
      const numbers = new Set(rows.map(({ value }) => value));
      assert.equal(numbers.size, rows.length);
      assert.deepEqual(received, numbers);
      assert.equal(new Set(rows.map(({ client }) => client)).size, 4);
    });
  }

  it("a refused operation has failed, at the moment of its reply", async () => {
    server.on("SET", (_, { command }) => (command % 3 === 0 ? new RespError("READONLY no") : "OK"));
    server.on("GET", (_, { command }) => (command % 3 === 0 ? new RespError("LOADING no") : null));
    start();
    await seeing("errors", ({ fail }) => fail > 100);
    const { rows } = await recorded();
    assert.deepEqual(
      rows.map(({ outcome }) => outcome),
      rows.map((_, i) => (i % 3 === 0 ? "fail" : "ok")),
    );
  });

  it("what was in flight on a lost connection is unknown; the next one is another client", async () => {
    const asked = (_: Buffer[], { index, command }: { index: number; command: number }) =>
      index < 3 && command === 10 ? ({ do: "reset" } as const) : null;
    server.on("GET", asked).on("SET", asked);
    start({ pipeline: 1 });
    await seeing("work after the third reset", ({ ok }) => ok > 100);
    const { rows } = await recorded();
    assert.equal(rows.length, server.count());
    assert.deepEqual(
      rows.flatMap(({ outcome }, i) => (outcome === "info" ? [i] : [])),
      [10, 21, 32],
    );
    assert.deepEqual([...new Set(rows.map(({ client }) => client))], [0, 1, 2, 3]);
  });

  it("values that the kernel takes in pieces arrive whole, on connections that share a writer", async () => {
    const size = { min: 300_000, max: 400_000 };
    const values = new CellValues("string", size);
    const received: (number | string)[] = [];
    server.on("SET", ([, , value]) => {
      received.push(values.read(value as Buffer));
      return "OK";
    });
    server.freeze();
    start({ workload: "set", connections: 3, pipeline: 40, value: size });
    await until({ what: "connections", within: 60_000 }, () => server.open === 3);
    server.thaw();
    await seeing("several times what is in flight", ({ ok }) => ok > 300);
    const { rows } = await recorded({ workload: "set" });
    const byNumber = (a: number | string, b: number | string) => Number(a) - Number(b);
    assert.deepEqual(received.sort(byNumber), rows.map(({ value }) => value).sort(byNumber));
  });

  it("what is not answered in time is unknown", async () => {
    const asked = (_: Buffer[], { index, command }: { index: number; command: number }) =>
      index === 0 && command >= 2 ? ({ do: "never" } as const) : null;
    server.on("GET", asked).on("SET", asked);
    start({ timeout: 500 });
    await seeing("work on a new connection", ({ ok }) => ok > 10);
    const { rows } = await recorded();
    const lost = rows.filter(({ client }) => client === 0).map(({ outcome }) => outcome);
    // The pipeline was full; before that come the first two, unless even they took too long.
    assert.deepEqual(lost.slice(-4), ["info", "info", "info", "info"]);
    assert.ok(lost.slice(0, -4).every((outcome) => outcome === "ok"));
  });

  it("what was never sent is not there", async () => {
    await server.stop();
    start({ rate: 1000, timeout: 100 });
    await seeing("operations given up", ({ errors }) => (errors["not-sent"] ?? 0) > 50);
    const { rows } = await recorded();
    assert.deepEqual(rows, []);
  });

  it("tells where an operation was sent", async () => {
    const second = await FakeServer.start();
    try {
      const generator = start();
      await seeing("work", ({ ok }) => ok > 50);
      generator.retarget([target(second, "m2")]);
      await until({ what: "work on the second", within: 60_000 }, () => second.count() > 50);
      const { rows } = await recorded();
      const at = (node: string) => rows.filter((row) => row.node === node);
      assert.deepEqual([at("m1").length, at("m2").length], [server.count(), second.count()]);
      assert.deepEqual([...new Set(at("m2").map(({ client }) => client))], [1]);
    } finally {
      await second.stop();
    }
  });

  it("keeps a value that none of its writes wrote as text", async () => {
    const [whole, cut] = ["0: a stranger's \u0001", "12:"];
    server.on("GET", (_, { command }): Reply => Buffer.from(command % 2 ? whole : cut));
    start();
    await seeing("reads", ({ ok }) => ok > 100);
    const { rows, foreign } = await recorded();
    assert.deepEqual([...foreign].sort(), ["0: a stranger's \\x01", cut]);
    const read = rows.filter(({ kind }) => kind === "read").map(({ value }) => foreign[-value - 1]);
    assert.deepEqual([...new Set(read)].sort(), [...foreign].sort());
  });

  it("asks behind each write how many replicas have it", async () => {
    const replies: Reply[] = [2, new RespError("ERR WAIT cannot be used with replica instances."), 0, 1];
    let asked = 0;
    const behind: string[] = [];
    server.on("SET", (_, { command }) => {
      behind.push(`SET ${command}`);
      return "OK";
    });
    server.on("WAIT", (argv, { command }) => {
      behind.push(`WAIT ${command}`);
      assert.deepEqual(argv.map(String), ["WAIT", "2", "30"]);
      return replies[asked++ % replies.length] as Reply;
    });
    const spec = { wait: { replicas: 2, within: 30 } };
    start(spec);
    await seeing("500 operations", ({ ok }) => ok > 500);
    const { rows } = await recorded(spec);
    const own = writes(rows);
    assert.equal(asked, own.length);
    assert.deepEqual(
      own.map(({ replicas }) => replicas),
      own.map((_, i) => [2, 0, 0, 1][i % 4]),
    );
    assert.ok(rows.every(({ kind, replicas }) => kind === "write" || replicas === NOT_ASKED));
    // Right behind it, with nothing between.
    const numbers = behind.map((one) => Number(one.split(" ")[1]));
    assert.ok(behind.every((one, i) => one.startsWith("SET") || numbers[i - 1] === (numbers[i] as number) - 1));
  });

  it("a write whose WAIT is never answered happened all the same, and a refused one was not asked about", async () => {
    server.on("SET", (_, { index, command }) => (index === 0 && command === 0 ? new RespError("READONLY no") : "OK"));
    server.on("WAIT", (_, { index, command }) => (index === 0 && command > 1 ? { do: "never" } : 1));
    const spec = { workload: "set", pipeline: 1, timeout: 2500, wait: { replicas: 1, within: 50 } };
    start(spec);
    await seeing("work on a new connection", ({ ok }) => ok > 10);
    const { rows } = await recorded(spec);
    const shown = rows.slice(0, 4).map(({ outcome, replicas, client }) => [outcome, replicas, client]);
    assert.deepEqual(shown, [
      ["fail", NOT_ASKED, 0],
      ["ok", 0, 0],
      ["ok", 1, 1],
      ["ok", 1, 1],
    ]);
    assert.equal(counted().info, 0);
  });

  it("through threads: files, journal and totals agree", async () => {
    const journal = JournalWriter.open(path.join(directory, "journal.jsonl"), clock);
    const events: JournalEvent[] = [];
    journal.subscribe((event) => void events.push(event));
    const specs = [
      { ...SPEC, connections: 4 },
      { ...SPEC, name: "plain", workload: "set", keyPrefix: "p:", record: false },
      { ...SPEC, name: "z#2", workload: "zadd", keyPrefix: "z:", rate: 200, connections: 2 },
    ];
    const load = new LoadRunner(
      {
        specs,
        targets: Object.fromEntries(specs.map(({ name }) => [name, [target(server)]])),
        ...{ seed: "s", clock, emit: journal.emit, history: { directory, nodes: NODES } },
        signal: new AbortController().signal,
      },
      2,
    );
    try {
      await load.ready();
      load.start();
      await until({ what: "work", within: 60_000 }, () => server.count("ZADD") > 50 && server.count("GET") > 500);
    } finally {
      const totals = await load.stop();
      await journal.close();
      const { history } = await readRun(directory);
      assert.deepEqual(
        history.map((one) => [one.load, one.operations.length, one.incomplete]),
        ["l", "z#2"].map((name) => [
          name,
          totals.find((one) => one.load === name)?.ok,
          "the run ended before the final reads",
        ]),
      );
      assert.deepEqual(load.recorded("l"), ["history/l-0.ops", "history/l-1.ops"]);
      assert.deepEqual(load.recorded("plain"), []);
      const told = events.filter((event): event is EventOf<"history"> => event.type === "history");
      assert.deepEqual(
        told.map(({ step, load: name, files }) => [step, name, files.length]),
        [
          ["begin", "l", 2],
          ["begin", "z#2", 2],
          ["end", "l", 2],
          ["end", "z#2", 2],
        ],
      );
      for (const event of told) eventSchema.parse(event);
    }
  });
});
