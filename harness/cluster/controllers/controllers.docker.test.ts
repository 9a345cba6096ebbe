import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../../base/deadline.ts";
import { CleanupScope } from "../../base/scope.ts";
import { connectEngine } from "../../docker/engine.ts";
import { ownerLabels } from "../../docker/leftovers.ts";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { redirectRefusal } from "../../network/virtual-addresses.ts";
import { kvrocks } from "../../systems/kvrocks.ts";
import { kvrocksController } from "../../systems/kvrocks-controller.ts";
import { topology } from "../../testing/samples/topology.support.ts";
import { skip } from "../../testing/skip.support.ts";
import type { RunningCluster } from "../running-cluster.ts";
import { composeOf } from "../topology/compose-of.ts";
import { upCluster } from "../up.ts";
import { serverView } from "./form-by-controllers.ts";

const IMAGES = ["apache/kvrocks:2.9.0", "apache/kvrocks:2.11.0"];
const SOON = { within: 120_000, every: 100 };

describe("a cluster that a real kvrocks-controller rules", function () {
  this.timeout(600_000);
  let scope: CleanupScope;
  let cluster: RunningCluster;
  let events: JournalEvent[];

  before(async function () {
    scope = new CleanupScope();
    const engine = await connectEngine();
    const refusal = redirectRefusal(engine.info.local);
    if (refusal !== null) skip(this, refusal);
    const isHere = async (name: string) => (await engine.inspectImage(name)) !== null;
    const here = await Promise.all(IMAGES.map(isHere));
    const image = IMAGES.find((_, i) => here[i]);
    if (image === undefined) skip(this, `none of ${IMAGES.join(", ")} is on this machine`);
    for (const name of [kvrocksController.image, kvrocksController.store.image])
      if (!(await isHere(name))) skip(this, `${name} is not on this machine`);
    const runId = `controllers-test-${process.pid}`;
    const logs = await mkdtemp(path.join(tmpdir(), "kvchaos-controllers-"));
    scope.defer("logs", () => rm(logs, { recursive: true, force: true }));
    events = [];
    cluster = await upCluster({
      engine,
      system: kvrocks,
      compose: await composeOf(topology({ masters: 1, replicas: 1, mode: "controller", controllers: 1 }), {}),
      image: image ?? "",
      toxiproxyImage: "kvchaos/toxiproxy:2.12.0",
      config: { "controller-max_ping_count": "3" },
      labels: await ownerLabels(runId),
      runId,
      logDirectory: logs,
      emit: (event) => void events.push({ t: performance.now(), ...event } as JournalEvent),
      resources: scope,
      scope,
      signal: new AbortController().signal,
      onEngineLost: () => {},
      ours: () => true,
    });
  });
  after(() => scope.close());

  const last = <T extends JournalEvent["type"]>(type: T) =>
    events.findLast((one): one is EventOf<T> => one.type === type);
  const master = (name: string) =>
    until({ what: `${name} to be master`, ...SOON }, () => cluster.topology.masters[0] === name);

  it("is formed over its REST API, every server told the same", async () => {
    const shown = last("controller-topology");
    assert.deepEqual(shown?.shards, [{ masters: ["m1"], replicas: ["r1"], slots: [[0, 16_383]], migrating: null }]);
    for (const name of ["m1", "r1"]) {
      const { masters, self } = await serverView(cluster, name, {});
      assert.deepEqual(masters, [
        { host: cluster.controllers?.hostOf("m1"), epoch: shown?.version, slots: [[0, 16_383]] },
      ]);
      assert.equal(self, cluster.controllers?.hostOf(name));
    }
    assert.equal(last("cluster")?.controllers?.failures, 3);
  });

  it("follows the controller when an operator asks it for another master", async () => {
    const { controllers } = cluster;
    assert.ok(controllers);
    await controllers.order(controllers.mode.calls.failover(0, cluster.nodeId("r1")), SOON);
    await master("r1");
    assert.match(last("topology")?.reason ?? "", /r1 is master instead of m1: 1 of 1 say so/);
  });

  it("does not count on one that cannot reach its store", async () => {
    const link = cluster.link("c1", "store");
    await link.addToxic("cut", "bandwidth", "to-master", { rate: 0 });
    const says = (what: string) => until({ what, ...SOON }, () => last("controller")?.says === what);
    await says("silent");
    await link.removeToxic("cut");
    await says("leads");
  });

  it("follows it when the master is gone, whom its log names", async () => {
    await cluster.node("r1").kill("SIGKILL");
    await master("m1");
    const hosts = last("cluster")?.controllers?.hosts ?? {};
    const told = await until({ what: "the log", ...SOON }, () =>
      events.find((one): one is EventOf<"log"> => one.type === "log" && one.rule === "controller-promoted"),
    );
    assert.equal(hosts[told.fields.addr?.replace(/:.*/, "") ?? ""], "r1");
  });
});
