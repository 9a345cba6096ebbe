import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ChaosError } from "../base/chaos-error.ts";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { type EventOf, eventSchema, type JournalEvent } from "../journal/events.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import type { LoadOptions } from "./load.ts";
import { LoadRunner } from "./load-runner.ts";
import { startLoad } from "./start-load.ts";

const SPEC: LoadSpec = {
  name: "set",
  workload: "set",
  on: "masters",
  via: "link",
  connections: 4,
  pipeline: 4,
  rate: 500,
  keys: 100,
  keyPrefix: "k:",
  value: { min: 16, max: 16 },
  elements: 10,
  timeout: 1000,
  record: false,
  wait: null,
};

describe("startLoad", function () {
  this.timeout(600_000); // a thread takes half a second to start, and more on a busy machine

  const clock = monotonicClock();
  let server: FakeServer;
  let events: JournalEvent[];
  let load: LoadRunner | undefined;

  beforeEach(async () => {
    server = await FakeServer.start();
    events = [];
    load = undefined;
  });
  afterEach(async () => {
    await load?.stop().catch(() => {});
    await server.stop();
  });

  function options(specs: LoadSpec[]): LoadOptions {
    const target = { node: "m1", host: server.host, port: server.port };
    return {
      specs,
      targets: Object.fromEntries(specs.map(({ name }) => [name, [target]])),
      seed: "s",
      clock,
      emit: (event) => events.push({ t: clock.now(), ...event } as JournalEvent),
      signal: new AbortController().signal,
    };
  }

  async function start(specs: LoadSpec[], signal = new AbortController().signal): Promise<LoadRunner> {
    load = await startLoad({ ...options(specs), signal });
    return load;
  }

  const samples = (name = "set"): EventOf<"load">[] =>
    events.filter((event) => event.type === "load").filter((event) => event.load === name);
  const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
  const working = () => until({ what: "work", within: 60_000 }, () => server.count("SET") > 50);

  it("emits one sample per second and load; their sums are the totals and what the server saw", async () => {
    // Every answer comes in time, also on a busy machine.
    const patient = { ...SPEC, timeout: 60_000 };
    const running = await start([
      patient,
      { ...patient, name: "zadd#2", workload: "zadd", rate: null, connections: 1 },
    ]);
    await until({ what: "two samples of each load", within: 60_000 }, () => events.length >= 4);
    const totals = await running.stop();
    assert.deepEqual(
      totals.map((one) => one.load),
      ["set", "zadd#2"],
    );
    for (const total of totals) {
      const own = samples(total.load);
      assert.equal(total.ok, sum(own.map((sample) => sample.ok)));
      assert.equal(total.ok, server.count(total.load === "set" ? "SET" : "ZADD"));
      assert.equal(total.ok, sum(own.map((sample) => sample.latency?.count ?? 0)));
      // On a busy machine the last that were due may come too late to be sent: that is all that may fail.
      const notSent = sum(own.map((sample) => sample.errors["not-sent"] ?? 0));
      assert.deepEqual([total.fail, total.info], [notSent, 0]);
      assert.equal(own[0]?.connected, own[0]?.connections);
    }
    for (const event of events) eventSchema.parse(event);
    const times = samples().map(({ t }) => t);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
  });

  it("tells of what the parts of a load do together, and points each at a target of its own", async () => {
    const other = await FakeServer.start();
    const prefixes = new Set<string>();
    other.on("SET", ([, key]) => {
      prefixes.add(String(key).slice(0, 2));
      return "OK";
    });
    try {
      const parts = ["a", "b"].map((name) => ({ ...SPEC, name, keyPrefix: `${name}:`, timeout: 60_000 }));
      load = await startLoad({ ...options(parts), partOf: { a: "both", b: "both" } });
      load.retarget("b", [{ node: "m2", host: other.host, port: other.port }]);
      await until({ what: "work", within: 60_000 }, () => server.count("SET") > 50 && other.count("SET") > 50);
      await until({ what: "a sample", within: 60_000 }, () => samples("both").length > 0);
      const totals = await load.stop();
      assert.deepEqual([samples("a"), samples("b")], [[], []]);
      const own = samples("both");
      assert.deepEqual(totals, [
        { load: "both", ok: sum(own.map(({ ok }) => ok)), fail: sum(own.map(({ fail }) => fail)), info: 0 },
      ]);
      assert.equal(own[0]?.connections, 2 * SPEC.connections);
      assert.deepEqual([...prefixes], ["b:"]);
      assert.ok(sum(own.map(({ nodes }) => nodes?.m2?.ok ?? 0)) > 50);
    } finally {
      await other.stop();
    }
  });

  it("adds up the samples of several threads", async () => {
    // startLoad keeps to the cores that this machine has; the runner does not.
    const runner = new LoadRunner(options([SPEC, { ...SPEC, name: "incr", workload: "incr", connections: 1 }]), 3);
    load = runner;
    await runner.ready();
    runner.start();
    await working();
    await until({ what: "a sample", within: 60_000 }, () => samples().length > 0);
    const [set, incr] = await runner.stop();
    assert.deepEqual([set?.ok, incr?.ok], [server.count("SET"), server.count("INCR")]);
    assert.equal(server.accepted, SPEC.connections + 1);
    assert.equal(samples()[0]?.connected, SPEC.connections);
    const own = (name: string) => sum(samples(name).map((sample) => sample.ok));
    assert.deepEqual([set?.ok, incr?.ok], [own("set"), own("incr")]);
  });

  it("stop is idempotent, and nothing is sent or connected afterwards", async () => {
    const running = await start([SPEC]);
    await working();
    const [first, second] = await Promise.all([running.stop(), running.stop()]);
    assert.equal(first, second);
    const count = server.count();
    const length = events.length;
    await until({ what: "the sockets' end", within: 60_000 }, () => server.open === 0);
    assert.equal(server.count(), count);
    assert.equal(events.length, length);
  });

  it("stops although the server never answers", async () => {
    server.freeze();
    const running = await start([{ ...SPEC, rate: null, timeout: 2000 }]);
    // The load has seen them, too, and has sent what it may.
    await until({ what: "connections", within: 60_000 }, () => samples().at(-1)?.connected === 4);
    const [total] = await running.stop();
    assert.equal(total?.ok, 0);
    assert.ok((total?.info ?? 0) >= 16);
  });

  it("an abort stops it like stop does", async () => {
    const controller = new AbortController();
    const running = await start([SPEC], controller.signal);
    await working();
    controller.abort(new ChaosError("interrupted", "Ctrl-C"));
    await until({ what: "the sockets' end", within: 60_000 }, () => server.open === 0);
    const [total] = await running.stop();
    assert.equal(total?.ok, server.count("SET"));
  });

  it("rejects with the reason when aborted before or while it starts, and leaves no thread", async () => {
    const reason = new ChaosError("interrupted", "Ctrl-C");
    await assert.rejects(start([SPEC], AbortSignal.abort(reason)), reason);
    const controller = new AbortController();
    const starting = start([SPEC], controller.signal);
    controller.abort(reason);
    await assert.rejects(starting, reason);
    assert.equal(server.accepted, 0);
  });

  it("retargets one load and leaves the other alone", async () => {
    const second = await FakeServer.start();
    try {
      const running = await start([SPEC, { ...SPEC, name: "incr", workload: "incr" }]);
      await working();
      running.retarget("set", [{ node: "m2", host: second.host, port: second.port }]);
      await until({ what: "work on the second", within: 60_000 }, () => second.count("SET") > 50);
      await until({ what: "the end of the old connections", within: 60_000 }, () => server.open === 4);
      assert.equal(second.count("INCR"), 0);
      assert.throws(() => running.retarget("nobody", []), ChaosError);
      const [set] = await running.stop();
      assert.equal(set?.ok, server.count("SET") + second.count("SET"));
    } finally {
      await second.stop();
    }
  });

  it("a thread that dies is a note in the journal, and stop fails", async () => {
    const running = await start([SPEC]);
    await working();
    running.retarget("set", [{ node: "m2", host: "127.0.0.1", port: 70_000 }]); // connect() throws
    await until({ what: "the note", within: 60_000 }, () => events.some((event) => event.type === "note"));
    const [note] = events.filter((event) => event.type === "note");
    assert.match(note?.text ?? "", /load thread died: .*70000/);
    await assert.rejects(running.stop(), (error) => error instanceof ChaosError && error.code === "internal");
    assert.ok(samples().length > 0);
  });

  it("refuses an unknown workload and names the known ones", async () => {
    await assert.rejects(start([{ ...SPEC, workload: "sett" }]), (error) => {
      assert.ok(error instanceof ChaosError && error.code === "invalid-experiment");
      assert.match(error.hint ?? "", /set, get-set, incr, zadd, lpush, hset/);
      return true;
    });
  });

  it("runs where tsx was registered through its API, as the command line does, and lets the process end", async () => {
    const script = `
      import { register } from "tsx/esm/api";
      register();
      const { startLoad } = await import("./harness/load/start-load.ts");
      const { monotonicClock } = await import("./harness/base/clock.ts");
      let worked;
      const work = new Promise((resolve) => { worked = resolve; });
      const load = await startLoad({
        specs: [${JSON.stringify({ ...SPEC, rate: null })}],
        targets: { set: [{ node: "m1", host: "127.0.0.1", port: ${server.port} }] },
        seed: "s", clock: monotonicClock(), signal: new AbortController().signal,
        emit({ ok }) { if (ok > 0) worked(); },
      });
      await work;
      console.log(JSON.stringify(await load.stop()));`;
    const root = new URL("../..", import.meta.url);
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: "" },
      timeout: 120_000,
    });
    const [total] = JSON.parse((await run).stdout);
    assert.ok(total.ok > 0);
    assert.equal(total.ok, server.count("SET"));
  });
});
