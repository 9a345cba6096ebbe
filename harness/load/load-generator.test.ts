import assert from "node:assert/strict";
import { monotonicClock } from "../base/clock.ts";
import { sleep, until, withResolvers } from "../base/deadline.ts";
import { seededRandom } from "../base/random.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { RespError } from "../resp/reply.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import type { GeneratorOptions } from "./generator-options.ts";
import { percentile } from "./latencies.ts";
import type { LoadTarget } from "./load.ts";
import { LoadGenerator } from "./load-generator.ts";
import { addSample, emptySample, type LoadSample } from "./tally.ts";
import { workloads } from "./workloads/registry.ts";

const SPEC: LoadSpec = {
  name: "set",
  workload: "set",
  on: "masters",
  via: "link",
  connections: 2,
  pipeline: 4,
  rate: null,
  keys: 100,
  keyPrefix: "k:",
  value: { min: 16, max: 16 },
  elements: 10,
  timeout: 2000,
  record: false,
  wait: null,
};

describe("LoadGenerator", () => {
  const clock = monotonicClock();
  let server: FakeServer;
  let generator: LoadGenerator;
  let seen: LoadSample;

  beforeEach(async () => {
    server = await FakeServer.start();
    seen = emptySample("set");
  });
  afterEach(async () => {
    await Promise.all([generator.stop(), server.stop()]);
  });

  function target(to: FakeServer, node = "n1"): LoadTarget {
    return { node, host: to.host, port: to.port };
  }

  function start(spec: Partial<LoadSpec>, options: Partial<GeneratorOptions> = {}): number {
    generator = new LoadGenerator({
      spec: { ...SPEC, ...spec },
      workload: workloads.get(spec.workload ?? "set")!,
      targets: [target(server)],
      share: { index: 0, of: 1 },
      random: seededRandom("test"),
      clock,
      ...options,
    });
    const at = (options.clock ?? clock).now();
    generator.start(at);
    return at;
  }

  /** Everything counted since the start. */
  function counted(): LoadSample {
    const sample = generator.sample();
    addSample(seen, sample);
    seen.connected = sample.connected;
    return seen;
  }

  /** A clock in the test's hand. */
  function handClock() {
    const time = { now: 0 };
    return { time, clock: { origin: 0n, now: () => time.now } };
  }

  function seeing(what: string, condition: (sample: LoadSample) => boolean): Promise<unknown> {
    return until({ what, within: 60_000, every: 5 }, () => condition(counted()));
  }

  async function stopped(): Promise<LoadSample> {
    await generator.stop();
    return counted();
  }

  it("counts every answered operation once, with its latency", async () => {
    const at = start({});
    await seeing("2000 operations", ({ ok }) => ok > 2000);
    const { ok, fail, info, errors, latency } = await stopped();
    const tookUs = (clock.now() - at) * 1000;
    assert.equal(ok, server.count("SET"));
    assert.deepEqual([fail, info, errors], [0, 0, {}]);
    assert.equal(latency.count, ok);
    assert.ok(latency.max > 0 && latency.max <= tookUs, `${latency.max} µs in ${tookUs} µs`);
  });

  it("keeps the pipeline full on every connection", async () => {
    server.on("SET", () => ({ do: "never" }));
    start({ connections: 3, pipeline: 5 });
    await until({ what: "full pipelines", within: 60_000 }, () => server.count("SET") === 15);
    assert.equal(counted().connected, 3);
    assert.equal(server.open, 3);
  });

  it("counts error replies as fail, by their first word", async () => {
    server.on("SET", (_, { command }) => (command % 4 === 3 ? new RespError("READONLY no") : "OK"));
    start({ connections: 1 });
    await seeing("errors", ({ fail }) => fail >= 100);
    const { ok, fail, info, errors } = await stopped();
    assert.equal(fail, Math.floor((ok + fail) / 4));
    assert.deepEqual([info, errors], [0, { READONLY: fail }]);
  });

  it("counts what was in flight on a reset connection as info, and goes on", async () => {
    server.on("SET", (_, { index, command }) => (index < 3 && command === 10 ? { do: "reset" } : "OK"));
    start({ connections: 1, pipeline: 1 });
    await seeing("work after the third reset", ({ ok }) => ok > 100);
    const { ok, fail, info, errors } = await stopped();
    assert.deepEqual([info, errors], [3, { "connection-lost": 3 }]);
    assert.deepEqual([ok + info, fail], [server.count("SET"), 0]);
    assert.equal(server.accepted, 4);
  });

  it("counts unanswered operations as timeouts and replaces their connection", async () => {
    server.on("SET", (_, { index }) => (index === 0 ? { do: "never" } : "OK"));
    const { time, clock } = handClock();
    start({ connections: 1, timeout: 100 }, { clock });
    await until({ what: "a full pipeline", within: 60_000, every: 5 }, () => server.count("SET") === 4);
    time.now = 100;
    await seeing("work on a new connection", ({ ok }) => ok > 0);
    const { info, errors, fail } = await stopped();
    assert.deepEqual([info, fail, errors], [4, 0, { timeout: 4 }]);
    assert.equal(server.accepted, 2);
  });

  it("tells operations that timed out from those lost with their connection", async () => {
    const { time, clock } = handClock();
    const { promise: ready, resolve: answer } = withResolvers();
    server.on("SET", (_, { index, command }) => {
      if (index > 0 || command < 1) return "OK";
      return command === 1 ? { do: "when", reply: "OK", ready } : { do: "never" };
    });
    start({ connections: 1, pipeline: 2, timeout: 500 }, { clock });
    // Commands 0, 1 go out together; 2 right after the answer of 0, 3 after that of 1, 300 ms later.
    await until({ what: "command 2", within: 60_000, every: 5 }, () => server.count("SET") === 3);
    time.now = 300;
    answer();
    await until({ what: "command 3", within: 60_000, every: 5 }, () => server.count("SET") === 4);
    time.now = 500;
    await seeing("work on a new connection", ({ ok }) => ok > 2);
    const { errors } = await stopped();
    assert.deepEqual(errors, { timeout: 1, "connection-lost": 1 });
  });

  it("counts refused connections as fail, backs off, and comes back by itself", async () => {
    await server.stop();
    start({ connections: 1 });
    await seeing("a few refusals", ({ fail }) => fail >= 3);
    assert.deepEqual(counted().errors, { "connect-refused": counted().fail });
    assert.equal(counted().info, 0);
    await server.listen();
    await seeing("work", ({ ok }) => ok > 0);
  });

  it("backs off from a target that accepts and closes at once", async () => {
    server.greet("close");
    const from = start({ connections: 1 });
    await until({ what: "three pauses", within: 60_000, every: 5 }, () => server.accepted >= 4);
    const took = clock.now() - from;
    assert.ok(took >= 50 + 100 + 200 - 5, `${server.accepted} attempts in ${took} ms`);
    server.greet("accept");
    await seeing("work", ({ ok }) => ok > 0);
  });

  it("open loop: sends on the schedule, evenly over the connections", async () => {
    const perConnection = [0, 0, 0, 0];
    server.on("SET", (_, { index }) => {
      perConnection[index] = (perConnection[index] ?? 0) + 1;
      return "OK";
    });
    const from = start({ rate: 500, connections: 4 }, { finish: 10_000 });
    await seeing("200 operations", ({ ok }) => ok >= 200);
    const asked = clock.now();
    const { ok, fail } = await stopped();
    const [least, most] = [Math.floor((asked - from) / 2), Math.ceil((clock.now() - from) / 2) + 1];
    assert.ok(ok >= least && ok <= most, `${ok} instead of ${least}..${most}`);
    assert.equal(fail, 0);
    assert.ok(Math.min(...perConnection) > ok / 8, perConnection.join());
  });

  it("open loop: counts latency from the intended start while the server stalls", async () => {
    start({ rate: 500, connections: 1, pipeline: 1 });
    await seeing("the first operations", ({ ok }) => ok > 10);
    seen = emptySample("set");
    server.freeze();
    await sleep(300);
    server.thaw();
    await seeing("the backlog", ({ ok }) => ok >= 150);
    const { latency, fail, info } = counted();
    assert.deepEqual([fail, info], [0, 0]);
    assert.ok(latency.max >= 280_000, `max ${latency.max} µs`);
    // 150 operations were due in the stall, and more since. Counted from sending, all but one would be fast.
    const hundredth = percentile(latency, 100 - 100 * (100 / latency.count));
    assert.ok(hundredth > 50_000, `the hundredth slowest of ${latency.count}: ${hundredth} µs`);
  });

  it("open loop: operations that could not be sent in time are fail, and none is missing", async () => {
    const from = start({ rate: 1000, timeout: 200 });
    await seeing("work", ({ ok }) => ok > 0);
    await server.stop();
    await seeing("operations given up", ({ errors }) => (errors["not-sent"] ?? 0) >= 100);
    await server.listen();
    const before = counted().ok;
    await seeing("work again", ({ ok }) => ok > before + 100);
    const asked = clock.now();
    const { ok, fail, info, errors, latency } = await stopped();
    const done = clock.now();
    assert.equal(fail, errors["not-sent"]);
    const all = ok + fail + info;
    assert.ok(all >= Math.floor(asked - from) && all <= Math.ceil(done - from) + 1, `${all} operations`);
    assert.ok(latency.max >= 150_000, "the backlog that was young enough is sent late, and counts as late");
  });

  it("open loop: a stop still sends what was due before it", async () => {
    start({ rate: 1000, connections: 1, pipeline: 1 }, { finish: 10_000 });
    await seeing("work", ({ ok }) => ok > 0);
    server.freeze();
    await sleep(110);
    const stopping = generator.stop();
    server.thaw();
    await stopping;
    const { ok, fail, info } = counted();
    assert.deepEqual([ok, fail, info], [server.count("SET"), 0, 0]);
    assert.ok(ok > 100);
  });

  it("open loop: what was due and cannot be sent soon after the stop is fail", async () => {
    start({ rate: 1000, connections: 1, pipeline: 1, timeout: 3000 });
    await seeing("work", ({ ok }) => ok > 0);
    server.freeze();
    await sleep(100);
    const { fail, info, errors } = await stopped();
    assert.equal(info, 1);
    assert.ok(fail >= 90);
    assert.deepEqual(errors, { timeout: 1, "not-sent": fail });
  });

  it("open loop: two shares make one schedule", async () => {
    const begun = start({ rate: 400, connections: 2 }, { share: { index: 0, of: 2 } });
    const other = new LoadGenerator({
      spec: { ...SPEC, rate: 400 },
      workload: workloads.get("set")!,
      targets: [target(server)],
      share: { index: 1, of: 2 },
      random: seededRandom("other"),
      clock,
    });
    const from = clock.now();
    other.start(from);
    await seeing("100 operations of this share", ({ ok }) => ok >= 100);
    const asked = clock.now();
    await Promise.all([other.stop(), generator.stop()]);
    assert.equal(server.accepted, 2);
    // What was due while a busy machine gave us no time is not sent, and told.
    const mine = await stopped();
    addSample(mine, other.sample());
    const due = server.count("SET") + (mine.errors["not-sent"] ?? 0);
    const [least, most] = [
      Math.floor((asked - begun) * 0.2) + Math.floor((asked - from) * 0.2),
      Math.ceil((clock.now() - begun) * 0.4) + 2,
    ];
    assert.ok(due >= least && due <= most, `${due} instead of ${least}..${most}`);
  });

  it("moves to other targets and counts what was in flight on the old one as it ends", async () => {
    const second = await FakeServer.start();
    try {
      server.freeze();
      start({ connections: 2, pipeline: 1, timeout: 10_000 });
      await until({ what: "both in flight", within: 60_000 }, () => counted().connected === 2);
      generator.retarget([target(second, "n2")]);
      await until({ what: "work on the second", within: 60_000 }, () => second.count("SET") > 100);
      server.thaw();
      await until({ what: "the end of the old connections", within: 60_000 }, () => server.open === 0);
      const { ok, fail, info } = await stopped();
      assert.equal(server.count("SET"), 2);
      assert.equal(ok, 2 + second.count("SET"));
      assert.deepEqual([fail, info], [0, 0]);
    } finally {
      await second.stop();
    }
  });

  it("spreads over several targets evenly, and keeps connections whose target stays", async () => {
    const second = await FakeServer.start();
    try {
      start({ connections: 6 }, { targets: [target(server), target(second, "n2")] });
      await until({ what: "all connected", within: 60_000 }, () => server.open === 3 && second.open === 3);
      generator.retarget([target(server)]);
      await until({ what: "all on the first", within: 60_000 }, () => server.open === 6 && second.open === 0);
      assert.equal(server.accepted, 6);
      generator.retarget([target(server)]);
      await seeing("work", ({ ok }) => ok > 100);
      assert.equal(server.accepted, 6);
    } finally {
      await second.stop();
    }
  });

  it("waits without targets, and begins when there are some", async () => {
    start({ rate: 100, timeout: 100 }, { targets: [] });
    await seeing("operations given up", ({ fail }) => fail > 5);
    generator.retarget([target(server)]);
    await seeing("work", ({ ok }) => ok > 5);
    generator.retarget([]);
    await until({ what: "the end of all connections", within: 60_000 }, () => server.open === 0);
  });

  it("authenticates first; a wrong password is a fail", async () => {
    server.on("AUTH", (argv) => (argv[1]?.toString() === "right" ? "OK" : new RespError("WRONGPASS no")));
    start({ connections: 1 }, { login: { password: "wrong" } });
    await seeing("a refusal", ({ fail }) => fail > 0);
    assert.deepEqual(Object.keys((await stopped()).errors), ["WRONGPASS"]);
    assert.equal(server.count("SET"), 0);
    start({ connections: 1 }, { login: { password: "right" } });
    await seeing("work", ({ ok }) => ok > 0);
  });

  it("drops a connection that talks no RESP", async () => {
    server.on("SET", (_, { index }) => (index === 0 ? { do: "raw", bytes: "HTTP/1.1 400\r\n" } : "OK"));
    start({ connections: 1 });
    await seeing("work", ({ ok }) => ok > 0);
    assert.deepEqual(counted().errors, { "connection-lost": 4 });
  });

  it("stops although the server never answers, and counts what was in flight", async () => {
    server.freeze();
    start({ connections: 2, pipeline: 3, timeout: 200 });
    await until({ what: "connections", within: 60_000 }, () => server.open === 2 && counted().connected === 2);
    const { ok, fail, info } = await stopped();
    assert.deepEqual([ok, fail], [0, 0]);
    assert.ok(info >= 6);
    await generator.stop();
  });

  it("makes the same commands from the same seed", async () => {
    const runs: string[][] = [];
    for (const seed of ["a", "a", "b"]) {
      const commands: string[] = [];
      server.on("SET", (argv) => {
        commands.push(argv.join(" "));
        return "OK";
      });
      start({ connections: 1 }, { random: seededRandom(seed) });
      await until({ what: "commands", within: 60_000, every: 5 }, () => commands.length > 50);
      await generator.stop();
      runs.push(commands.slice(0, 50));
    }
    assert.deepEqual(runs[0], runs[1]);
    assert.notDeepEqual(runs[0], runs[2]);
  });

  describe("the protocol", () => {
    const told: string[] = [];
    const watching = { onOutOfStep: (node: string, text: string) => void told.push(`${node}: ${text}`) };
    beforeEach(() => void told.splice(0));

    it("is broken by what is no reply, and by a reply to no command", async () => {
      server.on("SET", () => ({ do: "raw", bytes: "?what\r\n" }));
      start({ connections: 1 }, watching);
      await until({ what: "the first", within: 60_000 }, () => told.length > 0);
      assert.match(told[0] ?? "", /^n1: not RESP2: reply begins with byte 0x3f/);
      told.splice(0);
      server.on("SET", () => ({ do: "raw", bytes: "+OK\r\n+OK\r\n" }));
      await until({ what: "the second", within: 60_000 }, () => told.length > 0);
      assert.match(told.at(-1) ?? "", /^n1: a reply to no command came: "?OK/);
    }).timeout(180_000);

    it("is not broken by an error that comes by itself, nor by a connection that ends in a reply", async () => {
      server.on("SET", (_, { index }) =>
        index % 2 === 0
          ? { do: "raw", bytes: "+OK\r\n-ERR max number of clients reached\r\n" }
          : { do: "raw", bytes: "$100\r\nabc" },
      );
      start({ connections: 2, pipeline: 1, timeout: 50 }, watching);
      await seeing("both", ({ ok, info }) => ok > 2 && info > 2);
      assert.deepEqual(told, []);
    }).timeout(180_000);
  });
});
