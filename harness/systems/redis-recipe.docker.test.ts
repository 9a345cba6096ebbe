import assert from "node:assert/strict";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import type { ContainerSpec } from "../docker/engine-types.ts";
import { ensureImage } from "../images/ensure-image.ts";
import { redisRecipe } from "./redis-recipe.ts";

const IMAGE = "redis:7.0.15";
const RUN = `redis-recipe-test-${process.pid}`;

describe("the Redis image", function () {
  this.timeout(600_000);
  let engine: Engine;
  let scope: CleanupScope;
  let serial = 0;

  before(async () => {
    engine = await connectEngine();
    await ensureImage({ engine, name: IMAGE, recipe: redisRecipe, log: () => {} });
  });
  beforeEach(() => {
    scope = new CleanupScope();
  });
  afterEach(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  async function run(command?: string[], spec: Partial<ContainerSpec> = {}): Promise<string> {
    const name = `${RUN}-${++serial}`;
    const labels = { "kvchaos.run": RUN };
    const id = await engine.createContainer({ name, image: IMAGE, command, labels, ...spec });
    scope.defer(`remove ${name}`, () => engine.remove(id));
    return id;
  }
  const cli = async (id: string, ...args: string[]) => (await engine.exec(id, ["redis-cli", ...args])).stdout.trim();
  const ready = (id: string, ...args: string[]) =>
    until({ what: "PONG", within: 120_000 }, async () => (await cli(id, ...args, "ping")) === "PONG");

  it("runs the server as process 1 and user redis, who owns /data, and stops on SIGTERM", async () => {
    const id = await run();
    await engine.start(id);
    await ready(id);
    const status = (await engine.exec(id, ["cat", "/proc/1/status"])).stdout;
    assert.match(status, /^Name:\s+redis-server$/m);
    assert.match(status, /^Uid:\s+999\s/m);
    assert.match(status, /^Gid:\s+999\s/m);
    assert.equal((await engine.exec(id, ["stat", "-c", "%U", "/data"])).stdout.trim(), "redis");
    assert.equal(await cli(id, "save"), "OK");
    await engine.stop(id, 10);
    assert.equal((await engine.inspectContainer(id))?.exitCode, 0);
  });

  it("takes options alone for the server, and has protected mode off as the official build has", async () => {
    const id = await run(["--port", "6400", "--save", ""]);
    await engine.start(id);
    await ready(id, "-p", "6400");
    assert.match(await cli(id, "-p", "6400", "config", "get", "protected-mode"), /no$/);
  });

  it("lets a config file overrule the default of protected mode", async () => {
    const id = await run(["/etc/redis.conf"]);
    await engine.writeFiles(id, [{ path: "/etc/redis.conf", mode: 0o644, content: "protected-mode yes\nport 6401\n" }]);
    await engine.start(id);
    await ready(id, "-p", "6401");
    assert.match(await cli(id, "-p", "6401", "config", "get", "protected-mode"), /yes$/);
  });

  it("lets a later option overrule the default of protected mode", async () => {
    const id = await run(["redis-server", "--protected-mode", "yes"]);
    await engine.start(id);
    await ready(id);
    assert.match(await cli(id, "config", "get", "protected-mode"), /yes$/);
  });

  it("runs another command as it is", async () => {
    const id = await run(["sh", "-c", "id -un; redis-server --version; redis-benchmark --version"]);
    await engine.start(id);
    await until({ what: "its end", within: 120_000 }, async () => (await engine.inspectContainer(id))?.exitCode === 0);
    const said = (await engine.logTail(id, 5)).map((line) => line.text);
    assert.equal(said[0], "root");
    assert.match(said[1] ?? "", /v=7\.0\.15/);
    assert.match(said[2] ?? "", /redis-benchmark/);
  });

  it("resolves host names, as a replica must to find its master", async () => {
    const net = await engine.createNetwork({ name: `${RUN}-net`, labels: { "kvchaos.run": RUN } });
    scope.defer("remove the network", () => engine.removeNetwork(net.id));
    const master = await run(["--repl-diskless-sync-delay", "0"], {
      networks: [{ name: `${RUN}-net`, aliases: ["m1"] }],
    });
    await engine.start(master);
    const replica = await run(["--replicaof", "m1 6379"], { networks: [{ name: `${RUN}-net` }] });
    await engine.start(replica);
    await ready(replica);
    await until({ what: "the replication link", within: 120_000 }, async () =>
      /master_link_status:up/.test(await cli(replica, "info", "replication")),
    );
  });

  it("says what it was made from", async () => {
    const source = (await engine.inspectImage(IMAGE))?.labels["kvchaos.image.source"];
    if (source === undefined) return; // Pulled: the official image itself.
    assert.match(source, /^debian redis-server .*7\.0\.15/);
  });
});
