import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../../base/deadline.ts";
import { CleanupScope } from "../../base/scope.ts";
import { connectEngine, type Engine } from "../../docker/engine.ts";
import { ownerLabels } from "../../docker/leftovers.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { redirectRefusal } from "../../network/virtual-addresses.ts";
import { kvrocks } from "../../systems/kvrocks.ts";
import { pika } from "../../systems/pika.ts";
import { redis } from "../../systems/redis.ts";
import type { System } from "../../systems/system.ts";
import { dialMistakes } from "../../testing/dial-everywhere.support.ts";
import { topology } from "../../testing/samples/topology.support.ts";
import { skip } from "../../testing/skip.support.ts";
import type { RunningCluster } from "../running-cluster.ts";
import { composeOf } from "../topology/compose-of.ts";
import { upCluster } from "../up.ts";

const CASES: readonly { system: System; image: string }[] = [
  { system: redis, image: "redis:7.0.15" },
  { system: kvrocks, image: "apache/kvrocks:2.9.0" },
  { system: pika, image: "pikadb/pika:3.5.4" },
];

// Redis Cluster and Sentinel are dialled in self-rule.docker.test.ts, a Kvrocks cluster in kvrocks-cluster.docker.test.ts: where they run anyway.
for (const { system, image } of CASES) {
  describe(`replication of ${image}: servers dial each other as on a plain network`, function () {
    this.timeout(600_000);
    const scope = new CleanupScope();
    const runId = `dial-test-${system.name}-${process.pid}`;
    let engine: Engine;
    let cluster: RunningCluster;

    before(async function () {
      engine = await connectEngine();
      const refusal = redirectRefusal(engine.info.local);
      if (refusal !== null) skip(this, refusal);
      if (system === redis) await ensureImage({ engine, name: image, recipe: redis.recipe, log: () => {} });
      else if (!(await engine.inspectImage(image))) {
        skip(this, `no image ${image}: kvchaos images wrap --system ${system.name} makes one`);
      }
      const logs = await mkdtemp(path.join(tmpdir(), "kvchaos-dial-"));
      scope.defer("logs", () => rm(logs, { recursive: true, force: true }));
      cluster = await upCluster({
        engine,
        system,
        compose: await composeOf(topology({ replicas: 2 }), {}),
        image,
        toxiproxyImage: "kvchaos/toxiproxy:2.12.0",
        config: {},
        labels: await ownerLabels(runId),
        runId,
        logDirectory: logs,
        emit: () => {},
        resources: scope,
        scope,
        signal: new AbortController().signal,
        onEngineLost: () => {},
        ours: () => false,
      });
    });
    after(async () => {
      assert.deepEqual(await scope.close(), []);
    });

    it("every server every other, under every name and port that is shown, through the link between them", async () => {
      assert.deepEqual(await dialMistakes({ engine, cluster, runId }), []);
    });

    it("also one that was killed and started again, which has its rules before anybody can dial", async () => {
      const r1 = cluster.node("r1");
      await r1.kill("SIGKILL");
      await until({ what: "r1 to end", within: 120_000 }, async () => !(await r1.inspect()).running);
      await r1.start();
      assert.deepEqual(await dialMistakes({ engine, cluster, runId, from: ["r1", "m1"] }), []);
    });
  });
}
