import assert from "node:assert/strict";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import type { EventOf, JournalEvent } from "../journal/events.ts";
import { redis } from "../systems/redis.ts";
import { startBenchmark } from "./start-benchmark.ts";

const IMAGE = "redis:7.0.15";
const RUN = `benchmark-test-${process.pid}`;
const LABELS = { "kvchaos.run": RUN };

describe("the real redis-benchmark", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  let engine: Engine;

  before(async () => {
    engine = await connectEngine();
    assert.ok(await engine.inspectImage(IMAGE), `image ${IMAGE} is missing: npm test makes it`);
  });
  after(async () => {
    assert.deepEqual(await scope.close(), []);
    const { containers, networks } = await engine.listByLabel(`kvchaos.run=${RUN}`);
    assert.deepEqual([...containers, ...networks], []);
  });

  async function server(name: string, network: string): Promise<string> {
    const id = await engine.createContainer({
      name: `${RUN}-${name}`,
      image: IMAGE,
      command: redis.launch({ save: "" }).command,
      labels: LABELS,
      networks: [{ name: network, aliases: [name] }],
    });
    scope.defer(`remove ${name}`, () => engine.remove(id));
    await engine.start(id);
    await until({ what: `${name} to answer`, within: 120_000 }, async () => {
      return (await engine.exec(id, ["redis-cli", "PING"])).stdout.trim() === "PONG";
    });
    return id;
  }

  it("runs in a container, tells what it does every second, follows its target, and is gone when stopped", async () => {
    const network = await engine.createNetwork({ name: `${RUN}-net`, labels: LABELS, internal: true });
    scope.defer("remove the network", () => engine.removeNetwork(network.id));
    const ids = { m1: await server("m1", network.name), m2: await server("m2", network.name) };
    const events: JournalEvent[] = [];
    const clock = monotonicClock();
    const target = (node: string) => ({ node, host: node, port: redis.port });
    const benchmark = await startBenchmark({
      engine,
      spec: {
        name: "pressure",
        on: "masters",
        via: "link",
        args: ["-c", "4", "-n", "2000", "-r", "1000", "-t", "set,zadd"],
      },
      targets: [target("m1")],
      image: IMAGE,
      network: network.name,
      labels: LABELS,
      password: undefined,
      clock,
      emit: (event) => events.push({ t: clock.now(), ...event } as JournalEvent),
      signal: new AbortController().signal,
    });
    scope.defer("stop redis-benchmark", () => benchmark.stop());
    const samples = () => events.filter((event): event is EventOf<"load"> => event.type === "load");
    const done = async (node: "m1" | "m2"): Promise<string> => {
      const { stdout } = await engine.exec(ids[node], ["redis-cli", "EXISTS", "myzset"]);
      return stdout.trim();
    };
    // 2000 requests are over in a second: it was started again at least once, with both tests.
    await until({ what: "operations, and a whole test", within: 120_000 }, () => {
      const all = samples();
      return all.reduce((sum, { ok }) => sum + ok, 0) > 6000 && all.some(({ latency }) => latency !== null);
    });
    assert.deepEqual([await done("m1"), await done("m2")], ["1", "0"]);
    benchmark.retarget([target("m2")]);
    await until({ what: "operations on the other server", within: 120_000 }, async () => (await done("m2")) === "1");
    await benchmark.stop();
    const { containers } = await engine.listByLabel(`kvchaos.run=${RUN}`);
    assert.equal(containers.length, 2, "the servers and nothing else");
    assert.deepEqual(
      events.filter(({ type }) => type !== "load"),
      [],
    );
  });
});
