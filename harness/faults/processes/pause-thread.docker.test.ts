import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import { CleanupScope } from "../../base/scope.ts";
import type { RunningCluster } from "../../cluster/running-cluster.ts";
import { composeOf } from "../../cluster/topology/compose-of.ts";
import { upCluster } from "../../cluster/up.ts";
import { connectEngine } from "../../docker/engine.ts";
import { ownerLabels } from "../../docker/leftovers.ts";
import type { Emit } from "../../journal/events.ts";
import { makeLibrary, missingForLibrary } from "../../locks/library/make-library.ts";
import { redis } from "../../systems/redis.ts";
import { plannedParams } from "../../testing/planned-params.support.ts";
import { topology } from "../../testing/samples/topology.support.ts";
import { skip } from "../../testing/skip.support.ts";
import { pauseThread } from "./pause-thread.ts";

describe("pause-thread on real servers", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const controller = new AbortController();
  let cluster: RunningCluster;

  before(async function () {
    const missing = missingForLibrary();
    if (missing !== null) skip(this, missing);
    const library = await makeLibrary();
    const engine = await connectEngine();
    const runId = `pause-thread-docker-test-${process.pid}`;
    const logs = await mkdtemp(path.join(tmpdir(), "kvchaos-pause-thread-"));
    scope.defer("logs", () => rm(logs, { recursive: true, force: true }));
    cluster = await upCluster({
      engine,
      system: redis,
      compose: await composeOf(topology({ replicas: 2 }), {}),
      image: "redis:7.0.15",
      toxiproxyImage: "kvchaos/toxiproxy:2.12.0",
      config: {},
      labels: await ownerLabels(runId),
      runId,
      locks: { library, runId, preloaded: {}, longWait: 100 },
      logDirectory: logs,
      emit: () => {},
      resources: scope,
      scope,
      signal: controller.signal,
      onEngineLost: () => {},
      ours: () => false,
    });
  });

  const undone: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const undo of undone.splice(0)) await undo();
  });
  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  async function inject(written: object) {
    const undo = new CleanupScope();
    undone.push(() => undo.close());
    const said: string[] = [];
    const events: Parameters<Emit>[0][] = [];
    const context = {
      ...{ id: "hold", cluster, clock: monotonicClock(), signal: controller.signal, note: () => {} },
      onHeal: (what: string, step: () => Promise<void>) => undo.defer(what, step),
      claim: () => () => {},
      heldBy: () => null,
      keep: async (file: string) => file,
      pausing: (node: string) => {
        said.push(`${node} pauses`);
        return () => void said.push(`${node} goes on`);
      },
      emit: (event: Parameters<Emit>[0]) => void events.push(event),
      capture: async () => {},
    };
    const injected = await pauseThread.inject(context, plannedParams(pauseThread, written));
    return { injected, said, events, heal: async () => assert.deepEqual(await undo.close(), []) };
  }

  /** The main thread hands work to one of the others, under a mutex. */
  const handOver = async () => {
    const node = cluster.node("m1");
    await node.admin(["SET", "key", "value"], { within: 20_000 });
    await node.admin(["FLUSHALL", "ASYNC"], { within: 20_000 });
  };
  const PLACES = ["bioSubmitJob", "bioCreateLazyFreeJob"];
  const NAMES = "bioSubmitJob or bioCreateLazyFreeJob";
  const seen = (said: readonly string[], what: string) =>
    until({ what, within: 20_000, every: 5 }, () => said.includes(what));

  it("lets one thread pause before a lock of a function, once, and is told what happens while it does", async () => {
    const { injected, said, events, heal } = await inject({ node: "m1", before: PLACES, length: "700ms" });
    const flushed = handOver();
    await seen(said, "m1 pauses");
    await flushed;
    await seen(said, "m1 goes on");
    await handOver();
    const { measured, summary } = await injected.effect();
    assert.equal(measured, true);
    const told = "paused redis-server of m1 for 700ms before the lock in ";
    assert.ok(summary.startsWith(`${told}${NAMES}: 1 of `), summary);
    await heal();
    const pauses = events.filter(({ type }) => type === "thread-pause");
    assert.deepEqual(
      pauses.map((event) => event.type === "thread-pause" && [event.threads, event.pauses]),
      [[["redis-server"], 1]],
    );
  });

  it("lets a thread that pauses go on when it is healed", async () => {
    const { injected, said, heal } = await inject({ node: "m1", "after-lock": PLACES, length: "1m" });
    const flushed = handOver();
    await seen(said, "m1 pauses");
    assert.equal((await injected.effect()).measured, true);
    await heal();
    // Within its deadline, which is shorter than the pause.
    await flushed;
    assert.deepEqual(said, ["m1 pauses", "m1 goes on"]);
  });

  it("leaves threads of another name alone, and says how often the place was passed", async () => {
    const { injected, said, heal } = await inject({
      ...{ node: "m1", thread: "nobody*", before: PLACES, length: "1m" },
    });
    await handOver();
    assert.deepEqual(await injected.effect(), {
      measured: false,
      summary: `no thread of m1 paused before the lock in ${NAMES}: 0 of 0 passages`,
    });
    assert.deepEqual(said, []);
    await heal();
  });

  it("says that there is no such function, and which one may be meant", async () => {
    await assert.rejects(
      inject({ node: "m1", before: "bioSubmitJobb", length: "1s" }),
      /no such function: "bioSubmitJobb"/,
    );
  });
});
