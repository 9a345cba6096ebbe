import assert from "node:assert/strict";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import { ensureImage } from "../images/ensure-image.ts";
import type { EventOf, JournalEvent } from "../journal/events.ts";
import type { LoadSpec, PreloadSpec } from "../journal/plan.ts";
import { adminCommand } from "../resp/admin.ts";
import { replyText } from "../resp/reply-text.ts";
import { redisRecipe } from "../systems/redis-recipe.ts";
import type { LoadTarget } from "./load.ts";
import { preload } from "./preload.ts";
import { startLoad } from "./start-load.ts";

const IMAGE = "redis:7.0.15";
const LABELS = { "kvchaos.run": `load-test-${process.pid}` };
const SPEC: LoadSpec = {
  name: "set",
  workload: "set",
  on: "masters",
  via: "link",
  connections: 4,
  pipeline: 8,
  rate: 2000,
  keys: 1000,
  keyPrefix: "set:",
  value: { min: 64, max: 256 },
  elements: 1000,
  timeout: 5000,
  record: false,
  wait: null,
};
const ZADD: LoadSpec = { ...SPEC, name: "zadd", workload: "zadd", keys: 3, keyPrefix: "zadd:", rate: 1000 };

describe("load on a real redis", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const clock = monotonicClock();
  const signal = new AbortController().signal;
  let engine: Engine;
  let container: string;
  let node: LoadTarget;
  let events: JournalEvent[];

  before(async () => {
    engine = await connectEngine();
    await ensureImage({ engine, name: IMAGE, recipe: redisRecipe, log: () => {} });
    const name = `kvchaos-load-test-${process.pid}`;
    const network = await engine.createNetwork({ name, labels: LABELS });
    scope.defer("remove the network", () => engine.removeNetwork(network.id));
    const [port = 0] = await engine.freePorts(1);
    container = await engine.createContainer({
      name,
      image: IMAGE,
      labels: LABELS,
      networks: [{ name }],
      ports: [{ container: 6379, host: port }],
      command: ["redis-server", "--enable-debug-command", "yes"],
    });
    scope.defer("remove the container", () => engine.remove(container));
    await engine.start(container);
    node = { node: "m1", host: "127.0.0.1", port };
    await answers();
  });
  beforeEach(() => {
    events = [];
  });
  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  const ask = async (...argv: string[]) => replyText(await adminCommand(node, argv, { within: 10_000 }));
  const answers = () => until({ what: "PONG", within: 120_000 }, async () => (await ask("PING")) === "PONG");
  const emit = (event: object) => void events.push({ t: clock.now(), ...event } as JournalEvent);
  const samples = (load: string): EventOf<"load">[] =>
    events.filter((event) => event.type === "load").filter((event) => event.load === load);

  async function calls(command: string): Promise<number> {
    const line = (await ask("INFO", "commandstats")).match(new RegExp(`cmdstat_${command}:calls=(\\d+)`));
    return Number(line?.[1] ?? 0);
  }

  function start(specs: LoadSpec[]) {
    const targets = Object.fromEntries(specs.map(({ name }) => [name, [node]]));
    return startLoad({ specs, targets, seed: "docker", clock, emit, signal });
  }

  it("preloads exactly the keys it says, of every type", async () => {
    await ask("FLUSHALL");
    const spec: PreloadSpec = {
      keys: 500,
      value: { min: 100, max: 1000 },
      types: ["string", "list", "set", "zset", "hash"],
    };
    const first = await preload({ spec, targets: [node], seed: "a", emit, signal, within: 20_000 });
    assert.deepEqual(first, { keys: 500 });
    assert.equal(await ask("DBSIZE"), "500");
    const digest = await ask("DEBUG", "DIGEST");
    await ask("FLUSHALL");
    await preload({ spec, targets: [node], seed: "a", emit, signal, within: 20_000 });
    assert.equal(await ask("DEBUG", "DIGEST"), digest);
  });

  it("has counted what the server has executed", async () => {
    await ask("CONFIG", "RESETSTAT");
    const load = await start([SPEC, ZADD]);
    const done = (name: string): number => samples(name).reduce((sum, { ok }) => sum + ok, 0);
    await until({ what: "much work", within: 120_000 }, () => done("set") > 1000 && done("zadd") > 500);
    const [set, zadd] = await load.stop();
    assert.deepEqual(set, { load: "set", ok: await calls("set"), fail: 0, info: 0 });
    assert.deepEqual(zadd, { load: "zadd", ok: await calls("zadd"), fail: 0, info: 0 });
  });

  it("all workloads work: no error reply on a healthy server", async () => {
    await ask("FLUSHALL");
    const names = ["set", "get-set", "incr", "zadd", "lpush", "hset"];
    const specs = names.map((workload) => ({
      ...SPEC,
      name: workload,
      workload,
      keyPrefix: `${workload}:`,
      rate: 300,
    }));
    const load = await start(specs);
    await until({ what: "a sample of each", within: 120_000 }, () => names.every((name) => samples(name).length > 0));
    for (const total of await load.stop()) {
      assert.deepEqual([total.fail, total.info], [0, 0], total.load);
      assert.ok(total.ok > 0, total.load);
    }
  });

  it("survives a killed and restarted server, and no operation is missing", async () => {
    const from = clock.now();
    const load = await start([{ ...SPEC, timeout: 1000 }]);
    await until({ what: "work", within: 120_000 }, () => samples("set").some(({ ok }) => ok > 0));
    await engine.kill(container, "SIGKILL");
    await until({ what: "operations given up", within: 120_000 }, () => samples("set").some(({ fail }) => fail > 0));
    const before = events.length;
    await engine.start(container);
    await answers();
    await until({ what: "a second without errors", within: 120_000 }, () =>
      (events.slice(before) as EventOf<"load">[]).some(({ ok, fail, info }) => ok > 1000 && fail + info === 0),
    );
    const [total] = await load.stop();
    const due = ((clock.now() - from) * 2000) / 1000;
    assert.ok(total && total.ok > 0 && total.fail > 0);
    const all = total.ok + total.fail + total.info;
    assert.ok(all <= due && all > due - 2000 * 10, `${all} of ${due} operations`);
    assert.ok(total.info <= SPEC.connections * SPEC.pipeline * 50, `${total.info} unknown outcomes`);
    const errors = samples("set").flatMap((sample) => Object.entries(sample.errors));
    const known = ["timeout", "connection-lost", "not-sent", "LOADING"];
    assert.deepEqual(
      [...new Set(errors.map(([name]) => name))].filter((name) => !known.includes(name)),
      [],
    );
    const counted = errors.reduce((sum, [, count]) => sum + count, 0);
    assert.equal(counted, total.fail + total.info);
  });
});
