import assert from "node:assert/strict";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { seededRandom } from "../base/random.ts";
import { type EventOf, eventSchema, type JournalEvent, type Outcomes } from "../journal/events.ts";
import { addOutcomes, NO_OUTCOMES } from "../journal/outcomes.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { RespError } from "../resp/reply.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import type { GeneratorOptions } from "./generator-options.ts";
import type { LoadTarget } from "./load.ts";
import { LoadGenerator } from "./load-generator.ts";
import type { LoadRunner } from "./load-runner.ts";
import { startLoad } from "./start-load.ts";
import { addSample, emptySample, type LoadSample, Tally } from "./tally.ts";
import { workloads } from "./workloads/registry.ts";

const SPEC: LoadSpec = {
  name: "set",
  workload: "set",
  on: "masters",
  via: "link",
  connections: 2,
  pipeline: 2,
  rate: null,
  keys: 100,
  keyPrefix: "k:",
  value: { min: 16, max: 16 },
  elements: 10,
  timeout: 2000,
  record: false,
  wait: null,
};

/** All nodes together are what was counted of the load, but for what was never meant for one. */
function assertAddsUp({ ok, fail, info, errors, nodes }: Omit<LoadSample, "latency" | "connected" | "load">): void {
  const notSent = errors["not-sent"] ?? 0;
  const sum: Outcomes = Object.values(nodes).reduce(addOutcomes, NO_OUTCOMES);
  assert.deepEqual([sum.ok, sum.fail, sum.info], [ok, fail - notSent, info]);
  const { "not-sent": _, ...others } = errors;
  assert.deepEqual(sum.errors, others);
}

const MOVED = new RespError("MOVED 2843 172.21.255.254:6666");

describe("outcomes by node", () => {
  let one: FakeServer;
  let two: FakeServer;
  let generator: LoadGenerator | undefined;
  let load: LoadRunner | undefined;
  let seen: LoadSample;

  beforeEach(async () => {
    [one, two] = await Promise.all([FakeServer.start(), FakeServer.start()]);
    generator = undefined;
    load = undefined;
    seen = emptySample("set");
  });
  afterEach(async () => {
    await Promise.all([generator?.stop(), load?.stop().catch(() => {})]);
    await Promise.all([one.stop(), two.stop()]);
  });

  const target = (to: FakeServer, node: string): LoadTarget => ({ node, host: to.host, port: to.port });
  const both = () => [target(one, "m1"), target(two, "m2")];

  function start(spec: Partial<LoadSpec> = {}, options: Partial<GeneratorOptions> = {}): LoadGenerator {
    const clock = options.clock ?? monotonicClock();
    generator = new LoadGenerator({
      spec: { ...SPEC, ...spec },
      workload: workloads.get("set")!,
      targets: both(),
      share: { index: 0, of: 1 },
      random: seededRandom("test"),
      ...options,
      clock,
    });
    generator.start(clock.now());
    return generator;
  }

  function counted(): LoadSample {
    addSample(seen, (generator as LoadGenerator).sample());
    return seen;
  }

  const seeing = (what: string, condition: (sample: LoadSample) => boolean) =>
    until({ what, within: 60_000, every: 5 }, () => condition(counted()));
  const stopped = async (): Promise<LoadSample> => {
    await generator?.stop();
    return counted();
  };

  it("are each node's own: what one refuses is not counted of the other", async () => {
    two.on("SET", () => new RespError("READONLY no"));
    start();
    await seeing("work and refusals", ({ ok, fail }) => ok > 100 && fail > 100);
    const all = await stopped();
    assertAddsUp(all);
    assert.deepEqual(all.nodes.m1, { ok: one.count("SET"), fail: 0, info: 0, errors: {} });
    const refused = two.count("SET");
    assert.deepEqual(all.nodes.m2, { ok: 0, fail: refused, info: 0, errors: { READONLY: refused } });
  });

  it("hold timeouts, lost and refused connections, too", async () => {
    one.on("SET", (_, { command }) => (command === 5 ? { do: "reset" } : "OK"));
    two.on("SET", () => ({ do: "never" }));
    start({ timeout: 1000 }); // one node is asked as usual meanwhile, on a busy machine, too
    await seeing(
      "resets and timeouts",
      ({ errors }) => (errors.timeout ?? 0) > 3 && (errors["connection-lost"] ?? 0) > 3,
    );
    await two.stop();
    await seeing("refused connections", ({ errors }) => (errors["connect-refused"] ?? 0) > 0);
    const all = await stopped();
    assertAddsUp(all);
    assert.deepEqual([all.nodes.m2?.ok, all.nodes.m1?.errors.timeout], [0, undefined]);
    assert.ok((all.nodes.m2?.errors["connect-refused"] ?? 0) > 0);
  });

  it("stay with the node that was asked when the load moves on", async () => {
    one.on("SET", () => ({ do: "never" }));
    const running = start({ connections: 1, timeout: 1500 }, { targets: [target(one, "m1")] });
    await until({ what: "a full pipeline", within: 60_000 }, () => one.count("SET") === 2);
    running.retarget([target(two, "r1")]);
    await seeing("the old one's end", ({ info }) => info === 2);
    const all = await stopped();
    assertAddsUp(all);
    assert.deepEqual(all.nodes.m1, { ok: 0, fail: 0, info: 2, errors: { timeout: 2 } });
    assert.equal(all.nodes.r1?.ok, two.count("SET"));
  });

  it("are of nobody where nobody is connected: the open loop's operations that are not sent", async () => {
    await Promise.all([one.stop(), two.stop()]);
    start({ rate: 200, timeout: 100 });
    await seeing("operations given up", ({ errors }) => (errors["not-sent"] ?? 0) >= 10);
    const all = await stopped();
    assertAddsUp(all);
    assert.deepEqual(all.nodes, {});
  });

  it("are counted once: a sample has what came since the last one, and later ones do not change it", () => {
    const tally = new Tally("set");
    const m1 = tally.node("m1");
    assert.equal(tally.node("m1"), m1);
    tally.ok(1, m1);
    tally.fail("READONLY", 2, m1);
    const first = tally.take(1);
    tally.info("timeout", 3, m1);
    tally.fail("not-sent", 4);
    assert.deepEqual(first.nodes, { m1: { ok: 1, fail: 2, info: 0, errors: { READONLY: 2 } } });
    const second = tally.take(1);
    assert.deepEqual(second.nodes, { m1: { ok: 0, fail: 0, info: 3, errors: { timeout: 3 } } });
    assert.deepEqual(tally.take(1).nodes, {});
    assertAddsUp(second);
  });

  it("count a server's first word, whatever it is", () => {
    const tally = new Tally("set");
    const node = tally.node("m1");
    for (const word of ["constructor", "__proto__", "toString", "constructor"]) tally.fail(word, 1, node);
    const sample = tally.take(1);
    const sum = emptySample("set");
    addSample(sum, sample);
    addSample(sum, sample);
    for (const errors of [sum.errors, sum.nodes.m1?.errors ?? {}]) {
      assert.deepEqual(Object.entries(errors), [
        ["constructor", 4],
        ["__proto__", 2],
        ["toString", 2],
      ]);
    }
  });

  it("come from all threads together, second by second", async () => {
    two.on("SET", () => new RespError("LOADING no"));
    const events: JournalEvent[] = [];
    const clock = monotonicClock();
    load = await startLoad({
      specs: [{ ...SPEC, connections: 8, rate: 400 }],
      targets: { set: both() },
      seed: "s",
      clock,
      emit: (event) => events.push({ t: clock.now(), ...event } as JournalEvent),
      signal: new AbortController().signal,
    });
    const samples = () => events.filter((event): event is EventOf<"load"> => event.type === "load");
    await until({ what: "two samples", within: 60_000 }, () => samples().length >= 2);
    await load.stop();
    for (const sample of samples()) {
      assert.deepEqual(eventSchema.parse(sample), sample);
      assertAddsUp({ ...sample, nodes: sample.nodes ?? {}, redirects: {}, done: {}, notDone: {} });
    }
    const all = samples().reduce<Outcomes>((sum, { nodes }) => addOutcomes(sum, nodes?.m2 ?? NO_OUTCOMES), NO_OUTCOMES);
    assert.deepEqual([all.ok, all.fail], [0, two.count("SET")]);
    assert.ok(all.fail > 0);
  }).timeout(180_000);

  describe("MOVED", () => {
    it("is told with the target that said it, at most once a second, and each is counted", async () => {
      one.on("SET", () => MOVED);
      let now = 0;
      const told: string[] = [];
      const onMoved = (from: LoadTarget, text: string) => told.push(`${from.node}: ${text}`);
      start({ connections: 1 }, { targets: [target(one, "m1")], clock: { origin: 0n, now: () => now }, onMoved });
      await seeing("many of them", ({ errors }) => (errors.MOVED ?? 0) > 50);
      assert.deepEqual(told, ["m1: MOVED 2843 172.21.255.254:6666"]);
      now = 999;
      const before = seen.fail;
      await seeing("more of them", ({ fail }) => fail > before + 50);
      assert.equal(told.length, 1);
      now = 1_000;
      await until({ what: "the second word", within: 60_000, every: 5 }, () => told.length === 2);
      const all = await stopped();
      assert.deepEqual(all.nodes.m1, { ok: 0, fail: one.count("SET"), info: 0, errors: { MOVED: one.count("SET") } });
    });

    it("of other errors nothing is told", async () => {
      one.on("SET", () => new RespError("ASK 1 x:1"));
      const told: string[] = [];
      start({}, { targets: [target(one, "m1")], onMoved: (_, text) => told.push(text) });
      await seeing("many of them", ({ fail }) => fail > 50);
      assert.deepEqual(told, []);
    });
  });
});
