import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import { composeOf } from "../cluster/topology/compose-of.ts";
import { upCluster } from "../cluster/up.ts";
import { connectEngine } from "../docker/engine.ts";
import { ownerLabels } from "../docker/leftovers.ts";
import { makeInterposer } from "../interpose/interpose-folder.ts";
import { redis } from "../systems/redis.ts";
import { plannedParams } from "../testing/planned-params.support.ts";
import { topology } from "../testing/samples/topology.support.ts";
import { skip } from "../testing/skip.support.ts";
import type { Effect } from "./fault.ts";
import { faults } from "./registry.ts";

describe("faults of a server's clock and disk, on a real server", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  let cluster: RunningCluster;

  before(async function () {
    const refusal = await faults.get("power-loss")?.refusal?.({});
    if (refusal) skip(this, refusal);
    const engine = await connectEngine();
    const runId = `interposed-test-${process.pid}`;
    const logs = await mkdtemp(path.join(tmpdir(), "kvchaos-interposed-"));
    scope.defer("logs", () => rm(logs, { recursive: true, force: true }));
    cluster = await upCluster({
      engine,
      system: redis,
      compose: await composeOf(topology({ replicas: 0 }), {}),
      image: "redis:7.0.15",
      toxiproxyImage: "kvchaos/toxiproxy:2.12.0",
      config: { appendonly: "yes", appendfsync: "no" },
      labels: await ownerLabels(runId),
      interposer: { library: await makeInterposer(), runId, preloaded: {} },
      runId,
      logDirectory: logs,
      emit: () => {},
      resources: scope,
      scope,
      signal: controller.signal,
      onEngineLost: () => {},
      ours: () => false,
    });
  });

  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  async function inject(kind: string, written: object): Promise<{ effect(): Promise<Effect>; heal(): Promise<void> }> {
    const fault = faults.get(kind) ?? assert.fail(kind);
    const undo = new CleanupScope();
    const injected = await fault.inject(
      {
        id: `${kind}#1`,
        cluster,
        clock: monotonicClock(),
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
      plannedParams(fault, { node: "m1", ...written }),
    );
    return { effect: () => injected.effect(), heal: async () => assert.deepEqual(await undo.close(), []) };
  }

  const ask = async (...argv: string[]): Promise<string> => String(await cluster.node("m1").admin(argv));

  it("power-loss: what was not synced is gone, what was synced stays", async () => {
    await ask("SET", "unsynced", "x".repeat(100));
    const { effect, heal } = await inject("power-loss", {});
    assert.match((await effect()).summary, /^m1 was killed and lost [1-9]\d* bytes of [1-9]\d* files/);
    await heal();
    assert.equal(await ask("GET", "unsynced"), "null");
    await ask("CONFIG", "SET", "appendfsync", "always");
    await ask("SET", "synced", "yes");
    const again = await inject("power-loss", {});
    assert.match((await again.effect()).summary, /^m1 was killed and lost nothing that was not synced/);
    await again.heal();
    assert.equal(await ask("GET", "synced"), "yes");
  });

  it("disk-error: writes of the data fail while it lasts, and no others", async () => {
    // Redis goes on and refuses writes until it could write again; with appendfsync always, as before, it would end.
    await ask("CONFIG", "SET", "appendfsync", "everysec");
    const { effect, heal } = await inject("disk-error", { error: "ENOSPC", calls: "writes" });
    await ask("SET", "late", "yes");
    await until({ what: "a failed write", within: 120_000 }, async () => (await effect()).measured);
    assert.match((await effect()).summary, /^[1-9]\d* writes and 0 syncs of m1 failed with ENOSPC$/);
    await assert.rejects(ask("SET", "late", "refused"), /MISCONF/);
    await heal();
    await until({ what: "writes to be taken again", within: 120_000 }, () => ask("SET", "late", "again"));
  });

  it("clock-skew: the server's clock is wrong until it is healed, also after a restart", async () => {
    const { effect, heal } = await inject("clock-skew", { by: "-1h" });
    assert.deepEqual(await effect(), { measured: true, summary: "TIME of m1 went back by 1h" });
    const seconds = async () => Number((await ask("TIME")).split(",")[0]);
    const wrong = await seconds();
    await cluster.node("m1").kill("SIGKILL");
    const gone = async () => !(await cluster.node("m1").inspect()).running;
    await until({ what: "its end", within: 120_000 }, gone);
    await cluster.node("m1").start({ within: 120_000 });
    assert.ok((await seconds()) - wrong < 600);
    await heal();
    assert.ok((await seconds()) - wrong >= 3_600);
  });
});
