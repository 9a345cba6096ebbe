import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { monotonicClock } from "../base/clock.ts";
import { until, withDeadline } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import { composeOf } from "../cluster/topology/compose-of.ts";
import { upCluster } from "../cluster/up.ts";
import { Disk, diskRefusal } from "../docker/disk.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import { ownerLabels, removeRun } from "../docker/leftovers.ts";
import { redis } from "../systems/redis.ts";
import { plannedParams } from "../testing/planned-params.support.ts";
import { topology } from "../testing/samples/topology.support.ts";
import { skip } from "../testing/skip.support.ts";
import { countersIn } from "./clients/client-counters.ts";
import type { Effect, Injected } from "./fault.ts";
import { faults } from "./registry.ts";

const DISK = 64 * 1024 ** 2;
const clock = monotonicClock();

const disksMounted = (): string[] =>
  readFileSync("/proc/self/mountinfo", "utf8").match(/\/var\/tmp\/kvchaos-disk-\S*/g) ?? [];

describe("faults of resources and clients on real servers", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const controller = new AbortController();
  // As the run's own: hundreds of connections wait on it.
  setMaxListeners(0, controller.signal);
  let engine: Engine;
  let cluster: RunningCluster;
  let noDisk: string | null;

  before(async () => {
    engine = await connectEngine();
    noDisk = diskRefusal(engine.info.local);
    const runId = `resources-test-${process.pid}`;
    const logs = await mkdtemp(path.join(tmpdir(), "kvchaos-resources-"));
    scope.defer("logs", () => rm(logs, { recursive: true, force: true }));
    cluster = await upCluster({
      engine,
      system: redis,
      compose: await composeOf(topology({ nodes: { replicas: { memory: 48 * 1024 ** 2 } } }), {}),
      image: "redis:7.0.15",
      toxiproxyImage: "kvchaos/toxiproxy:2.12.0",
      config: {},
      labels: await ownerLabels(runId),
      runId,
      logDirectory: logs,
      emit: () => {},
      resources: scope,
      scope,
      signal: controller.signal,
      disk: noDisk === null ? DISK : null,
      onEngineLost: () => {},
      ours: () => false,
    });
  });

  after(async () => {
    const own = cluster?.nodes.map(({ name }) => name) ?? [];
    const before = disksMounted();
    assert.deepEqual(await scope.close(), []);
    if (noDisk === null) assert.equal(before.length - disksMounted().length >= own.length, true, "disks stay mounted");
  });

  let occurrence = 0;
  async function inject(kind: string, written: object): Promise<{ injected: Injected; heal(): Promise<void> }> {
    const fault = faults.get(kind) ?? assert.fail(kind);
    const undo = new CleanupScope();
    const injected = await fault
      .inject(
        {
          id: `${kind}#${++occurrence}`,
          cluster,
          clock,
          signal: controller.signal,
          onHeal: (what, step) => undo.defer(what, step),
          claim: () => () => {},
          heldBy: () => null,
          keep: async (file: string) => file,
          pausing: () => () => {},
          note: () => {},
          emit: () => {},
          capture: async () => {},
        },
        plannedParams(fault, written),
      )
      .catch(async (error: unknown) => {
        await undo.close();
        throw error;
      });
    return { injected, heal: async () => assert.deepEqual(await undo.close(), []) };
  }

  async function effectOf(injected: Injected, pattern: RegExp): Promise<Effect> {
    const effect = await injected.effect();
    assert.equal(effect.measured, true, effect.summary);
    assert.match(effect.summary, pattern);
    return effect;
  }

  const counters = async () => countersIn(String(await cluster.node("m1").admin(["INFO"])));

  it("cpu-limit: a busy server is held to it, and to nothing after heal", async () => {
    const { injected, heal } = await inject("cpu-limit", { node: "m1", cpu: "20%" });
    const stricter = await inject("cpu-limit", { node: "m1", cpu: "10%" });
    const busy = await cluster.node("m1").connect();
    // A second of CPU or more: it lasts longer than the measurement, and ends soon after heal.
    const spun = busy.send(["EVAL", "for i = 1, 1e8 do end", "0"], { within: 30_000 });
    await effectOf(stricter.injected, /m1 was held to 10 % of a core in \d+ periods/);
    await heal();
    assert.deepEqual((await engine.limits(cluster.node("m1").container)).cpus, 0.1);
    await stricter.heal();
    assert.deepEqual((await engine.limits(cluster.node("m1").container)).cpus, null);
    assert.equal((await spun).outcome, "ok");
    busy.close();
    assert.equal(injected.targets[0], "m1");
  });

  it("memory-limit: the kernel has it, and heal takes it back", async () => {
    const { container, resources } = cluster.node("m1");
    const { injected, heal } = await inject("memory-limit", { node: "m1", headroom: "32MiB" });
    await effectOf(injected, /m1 may use \d+\.\d MB, uses \d+\.\d MB/);
    assert.ok(((await engine.limits(container)).memory ?? 0) > 32 * 1024 ** 2);
    await heal();
    assert.equal((await engine.limits(container)).memory, null);
    assert.equal((await resources.use()).memoryLimit, engine.info.memory);
  });

  it("disk-full: a write fails for lack of space, and works after heal", async function () {
    if (noDisk !== null) skip(this, noDisk);
    const { injected, heal } = await inject("disk-full", { node: "r1", disk: "64MiB" });
    await effectOf(injected, /r1 has 0\.0 MB of 67\.1 MB free; a write of 64 KiB: .*No space left on device/);
    await assert.rejects(cluster.node("r1").admin(["SAVE"]), /refused/);
    await heal();
    await cluster.node("r1").admin(["SAVE"]);
    const some = await inject("disk-full", { node: "r1", disk: "64MiB", leave: "8MiB" });
    const { summary } = await effectOf(some.injected, /r1 has \d\.\d MB of 67\.1 MB free$/);
    assert.ok(Number(/has (\S+) MB/.exec(summary)?.[1]) > 7, summary);
    await some.heal();
  });

  it("slow-disk: a write takes as long as the cap says, also after a restart, and heal lifts it", async function () {
    if (noDisk !== null) skip(this, noDisk);
    const node = cluster.node("r1");
    const slow = await inject("slow-disk", { node: "r1", rate: "150KB", disk: "64MiB" }).catch((error: unknown) => {
      if (/cannot be slowed down here/.test(messageOf(error))) skip(this, messageOf(error));
      throw error;
    });
    await node.stop(10);
    await node.start({ within: 20_000 });
    await effectOf(
      slow.injected,
      /0\.3 MB written with fsync on r1 took \d+\.\d s; at 0\.1 MB\/s it takes 2\.0 s|it takes 2\.0 s/,
    );
    await slow.heal();
    // With the cap it would take 27 seconds.
    await node.resources.writeSynced(4e6, { within: 20_000 });
  });

  it("connection-storm: the server counts them, sends away those above maxclients, and loses them with heal", async () => {
    const idle = (await counters()).clients ?? assert.fail();
    const { injected, heal } = await inject("connection-storm", { node: "m1", connections: 300, over: "200ms" });
    await effectOf(injected, /^300 of 300 connections to m1 opened in .* 300 still open; m1: clients \d+ → \d+/);
    assert.ok(((await counters()).clients ?? 0) >= 300);
    await heal();
    const gone = async () => ((await counters()).clients ?? 1_000) < idle + 100;
    await until({ what: "the connections to end", within: 120_000 }, gone);

    await cluster.node("m1").admin(["CONFIG", "SET", "maxclients", "100"]);
    const many = await inject("connection-storm", { node: "m1", connections: 300, over: "0s", send: "ping" });
    const { summary } = await effectOf(many.injected, /were told "-ERR max number of clients reached"/);
    assert.match(summary, /[12]\d\d sent away/);
    await many.heal();
    await until({ what: "room for one more", within: 120_000 }, gone);
    await cluster.node("m1").admin(["CONFIG", "SET", "maxclients", "10000"]);

    const churn = await inject("connection-storm", { node: "m1", connections: 200, over: "100ms", end: "reset" });
    await effectOf(churn.injected, /200 of 200 connections to m1/);
    await churn.heal();
  });

  for (const [how, state] of [
    ["half", "20 open and unanswered"],
    ["huge", "20 open and unanswered"],
    ["fin", "20 closed by the server too"],
    ["reset", "reset by us"],
  ] as const) {
    it(`half-written-command: ${how}`, async () => {
      const { injected, heal } = await inject("half-written-command", { node: "m1", connections: 20, how });
      await effectOf(injected, new RegExp(state));
      await heal();
      assert.equal(String(await cluster.node("m1").admin(["EXISTS", "kvchaos:half"])), "0");
    });
  }

  it("a disk goes with what a dead harness left behind", async function () {
    if (noDisk !== null) skip(this, noDisk);
    const runId = `resources-test-dead-${process.pid}`;
    const volume = `kvchaos-${runId}`;
    const make = Disk.make(engine, { volume, bytes: DISK, labels: { "kvchaos.run": runId } });
    const folder = `/var/tmp/kvchaos-disk-${volume}`;
    try {
      await make;
      assert.ok(disksMounted().some((mount) => mount.startsWith(folder)));
    } finally {
      await withDeadline({ what: "removal", within: 120_000 }, () => removeRun(engine, runId));
    }
    assert.equal(existsSync(folder), false);
    assert.equal(
      disksMounted().some((mount) => mount.startsWith(folder)),
      false,
    );
    const { volumes } = await engine.listByLabel(`kvchaos.run=${runId}`);
    assert.deepEqual(volumes, []);
  });
});
