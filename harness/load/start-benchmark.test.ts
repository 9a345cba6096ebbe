import assert from "node:assert/strict";
import { ChaosError } from "../base/chaos-error.ts";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import type { ContainerSpec, LogLine } from "../docker/engine-types.ts";
import type { EventOf, JournalEvent, Outcomes } from "../journal/events.ts";
import { addOutcomes, NO_OUTCOMES } from "../journal/outcomes.ts";
import type { BenchmarkOptions } from "./benchmark-process.ts";
import type { LoadTarget } from "./load.ts";
import { type Benchmark, startBenchmark } from "./start-benchmark.ts";

const at = (node: string): LoadTarget => ({ node, host: "toxiproxy", port: 10_000 + Number(node.slice(1)) });

/** An engine whose containers say what a test lets them say. */
class FakeEngine {
  /** "create m1", "start 1", "remove 1", … with the port instead of the target's name. */
  readonly said: string[] = [];
  readonly specs: ContainerSpec[] = [];
  /** What a container says first. */
  first = "SET: rps=0.0 (overall: 0.0) avg_msec=-nan (overall: -nan)";
  exitCode: number | null = null;
  readonly #heard = new Map<string, (line: LogLine) => void>();
  readonly #ends = new Map<string, () => void>();

  engine: BenchmarkOptions["engine"] = {
    createContainer: async (spec) => {
      this.specs.push(spec);
      const id = String(this.specs.length);
      this.said.push(`create ${id} at ${spec.command?.[6]}`);
      return id;
    },
    start: async (id) => void this.said.push(`start ${id}`),
    kill: async (id) => void this.said.push(`kill ${id}`),
    remove: async (id) => {
      this.said.push(`remove ${id}`);
      this.#ends.get(id)?.();
    },
    followLogs: async (id, { signal }, onLine) => {
      this.#heard.set(id, onLine);
      if (this.first !== "") this.says(id, this.first);
      const done = new Promise<void>((resolve) => {
        this.#ends.set(id, resolve);
        signal?.addEventListener("abort", () => resolve());
        if (this.exitCode !== null) resolve();
      });
      return { done };
    },
    inspectContainer: async () => ({ exitCode: this.exitCode }) as never,
  };

  says(id: string, text: string, time = Date.now()): void {
    this.#heard.get(id)?.({ text, stream: "stdout", at: new Date(time).toISOString() });
  }

  /** The container ends by itself. */
  ends(id: string): void {
    this.#ends.get(id)?.();
  }
}

describe("redis-benchmark as a load", () => {
  let fake: FakeEngine;
  let events: JournalEvent[];
  let running: Benchmark | undefined;
  const clock = monotonicClock();

  beforeEach(() => {
    fake = new FakeEngine();
    events = [];
    running = undefined;
  });
  afterEach(() => running?.stop());

  async function start(targets: LoadTarget[], more: Partial<BenchmarkOptions> = {}): Promise<Benchmark> {
    running = await startBenchmark({
      engine: fake.engine,
      spec: { name: "pressure", on: "masters", via: "link", args: ["-c", "7", "-t", "set"] },
      targets,
      image: "redis:test",
      network: "data",
      labels: { "kvchaos.run": "x" },
      password: "secret",
      clock,
      emit: (event) => events.push({ t: clock.now(), ...event } as JournalEvent),
      signal: new AbortController().signal,
      ...more,
    });
    return running;
  }
  const samples = () => events.filter((event): event is EventOf<"load"> => event.type === "load");

  it("goes through the link, with its arguments as given, and carries the run's labels", async () => {
    await start([at("m1")]);
    const [spec] = fake.specs;
    assert.deepEqual(spec?.command?.slice(3), [
      "-h",
      "toxiproxy",
      "-p",
      "10001",
      "-a",
      "secret",
      "-c",
      "7",
      "-t",
      "set",
    ]);
    assert.deepEqual(
      [spec?.labels, spec?.networks, spec?.image],
      [{ "kvchaos.run": "x" }, [{ name: "data" }], "redis:test"],
    );
  });

  it("tells once a second what it did, and the rest when it is stopped", async () => {
    const benchmark = await start([at("m1")]);
    const from = Date.now();
    fake.says("1", "SET: rps=0.0 (overall: 0.0) avg_msec=-nan (overall: -nan)", from);
    fake.says("1", "SET: rps=4000.0 (overall: 1) avg_msec=0.1 (overall: 0.1)", from + 250);
    await until({ what: "a sample", within: 60_000 }, () => samples().length > 0);
    fake.says("1", "SET: rps=2000.0 (overall: 1) avg_msec=0.1 (overall: 0.1)", from + 750);
    fake.says("1", "Error from server: READONLY You can't write against a read only replica.", from + 800);
    fake.says("1", "kvchaos: exit 1", from + 800);
    await benchmark.stop();
    await benchmark.stop();
    const all = samples();
    assert.equal(
      all.reduce((sum, { ok }) => sum + ok, 0),
      2000,
    );
    assert.deepEqual([all[0]?.load, all[0]?.connected, all[0]?.connections], ["pressure", 7, 7]);
    const last = all.at(-1);
    assert.deepEqual([last?.fail, last?.errors, last?.connected], [1, { READONLY: 1 }, 0]);
    assert.deepEqual(fake.said, ["create 1 at 10001", "start 1", "remove 1"]);
  });

  it("tells what each of its targets did, also of one that it has left since", async () => {
    const benchmark = await start([at("m1"), at("m2")]);
    const from = Date.now();
    for (const id of ["1", "2"]) {
      fake.says(id, "SET: rps=0.0 (overall: 0.0) avg_msec=-nan (overall: -nan)", from);
      fake.says(id, `SET: rps=${id}000.0 (overall: 1) avg_msec=0.1 (overall: 0.1)`, from + 1000);
    }
    fake.says("1", "Error from server: READONLY You can't write against a read only replica.", from + 1000);
    fake.says("1", "kvchaos: exit 1", from + 1000);
    benchmark.retarget([at("m2")]);
    await until({ what: "the removal", within: 60_000 }, () => fake.said.includes("remove 1"));
    await benchmark.stop();
    const sum = (node: string): Outcomes =>
      samples().reduce<Outcomes>((all, { nodes }) => addOutcomes(all, nodes?.[node] ?? NO_OUTCOMES), NO_OUTCOMES);
    assert.deepEqual(sum("m1"), { ok: 1000, fail: 1, info: 0, errors: { READONLY: 1 } });
    assert.deepEqual(sum("m2"), { ok: 2000, fail: 0, info: 0, errors: {} });
    for (const { ok, fail, nodes = {} } of samples()) {
      const all = Object.values(nodes).reduce(addOutcomes, NO_OUTCOMES);
      assert.deepEqual([all.ok, all.fail], [ok, fail]);
    }
  });

  it("moves with the master, and stays where it need not move", async () => {
    const benchmark = await start([at("m1"), at("m2")]);
    benchmark.retarget([at("m2"), at("m3")]);
    await until({ what: "the third", within: 60_000 }, () => fake.said.includes("start 3"));
    assert.deepEqual(fake.said.slice(-3), ["remove 1", "create 3 at 10003", "start 3"]);
    await benchmark.stop();
    assert.deepEqual(fake.said.slice(-2).sort(), ["remove 2", "remove 3"]);
  });

  it("is started again when its container ends by itself", async () => {
    await start([at("m1")]);
    fake.ends("1");
    await until(
      { what: "a second start", within: 60_000 },
      () => fake.said.filter((one) => one === "start 1").length === 2,
    );
  });

  it("ends with the run's signal", async () => {
    const controller = new AbortController();
    await start([at("m1")], { signal: controller.signal });
    controller.abort();
    await until({ what: "the removal", within: 60_000 }, () => fake.said.includes("remove 1"));
  });

  it("says that an image has no redis-benchmark, or that an argument is wrong, and leaves nothing", async () => {
    const fails = (code: string, message: RegExp) => (error: unknown) => {
      assert.ok(error instanceof ChaosError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    };
    fake.first = "";
    fake.exitCode = 127;
    await assert.rejects(start([at("m1")]), fails("infrastructure", /image redis:test has no redis-benchmark/));
    assert.equal(fake.said.at(-1), "remove 1");
    fake = new FakeEngine();
    fake.first = 'Invalid option "--nosuch" or option argument missing';
    await assert.rejects(start([at("m1")]), fails("invalid-experiment", /Invalid option "--nosuch"/));
    assert.equal(fake.said.at(-1), "remove 1");
  });
});
