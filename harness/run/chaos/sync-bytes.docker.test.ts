import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../../base/deadline.ts";
import { CleanupScope } from "../../base/scope.ts";
import type { RunningCluster } from "../../cluster/running-cluster.ts";
import { composeOf } from "../../cluster/topology/compose-of.ts";
import { upCluster } from "../../cluster/up.ts";
import { connectEngine } from "../../docker/engine.ts";
import { ownerLabels } from "../../docker/leftovers.ts";
import { redis } from "../../systems/redis.ts";
import { topology } from "../../testing/samples/topology.support.ts";
import { waitForSyncBytes } from "./sync-bytes.ts";

/** 40 MB at 2 MB/s: the copy takes 20 s, and what is looked at happens in the first few. */
const KEYS = 40_000;
const KILOBYTES_PER_SECOND = 2_000;
const WAITED_FOR = 3e6;

describe("a trigger by the bytes of a full sync", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const controller = new AbortController();
  let cluster: RunningCluster;

  before(async () => {
    const engine = await connectEngine();
    const runId = `sync-bytes-test-${process.pid}`;
    const logs = await mkdtemp(path.join(tmpdir(), "kvchaos-sync-bytes-"));
    scope.defer("logs", () => rm(logs, { recursive: true, force: true }));
    cluster = await upCluster({
      engine,
      system: redis,
      compose: await composeOf(topology({ replicas: 2 }), {}),
      image: "redis:7.0.15",
      toxiproxyImage: "kvchaos/toxiproxy:2.12.0",
      config: { rdbcompression: "no" },
      labels: await ownerLabels(runId),
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
    controller.abort();
    assert.deepEqual(await scope.close(), []);
  });

  it("comes true inside the copy, on a diskless one too, whose length nobody knows", async () => {
    const [m1, r1] = [cluster.node("m1"), cluster.node("r1")];
    await m1.admin(["DEBUG", "POPULATE", String(KEYS), "key", "1000"]);
    const link = cluster.link("r1", "m1");
    await r1.admin(["REPLICAOF", "NO", "ONE"]);
    // Its history has another name now: what r1 has is of no use to it.
    await m1.admin(["DEBUG", "CHANGE-REPL-ID"]);
    await link.addToxic("slow", "bandwidth", "to-replica", { rate: KILOBYTES_PER_SECOND });

    const waiting = waitForSyncBytes({
      cluster,
      node: () => "r1",
      bytes: WAITED_FOR,
      anew: false,
      syncing: () => assert.fail("Redis' log tells when a full sync begins"),
      signal: AbortSignal.timeout(60_000),
    });
    await cluster.applyRole("r1");
    const seen = await waiting;
    const { syncing, syncProgress } = await r1.state();
    assert.equal(syncing, true, seen);
    assert.equal(syncProgress, null, "the percentage of a diskless copy is not known");
    const counted = Number(/^(\d+) bytes had reached r1/.exec(seen)?.[1]);
    assert.ok(counted >= WAITED_FOR && counted < KEYS * 1000, seen);

    // Told otherwise in the middle of it, the server ends the copy, and its log says so.
    await r1.admin(["REPLICAOF", "NO", "ONE"]);
    await until({ what: "the log's word of it", within: 120_000 }, () => cluster.fullSync("r1") === null);
    await link.removeToxic("slow");
    await cluster.applyRole("r1");
    await until({ what: "the end of the copy", within: 120_000, every: 100 }, async () => {
      const state = await r1.state();
      return state.link === "up" && !state.syncing;
    });
    await until({ what: "the log's end of it", within: 120_000 }, () => cluster.fullSync("r1") === null);
  });
});
