import assert from "node:assert/strict";
import { monotonicClock } from "../base/clock.ts";
import { CleanupScope } from "../base/scope.ts";
import { FakeCluster } from "../testing/fake-cluster.support.ts";
import { plannedParams } from "../testing/planned-params.support.ts";
import { switchMaster } from "./commands/switch-master.ts";
import type { Injected } from "./fault.ts";
import { partition } from "./links/partition.ts";
import { kill } from "./processes/kill.ts";
import { faults } from "./registry.ts";

interface Try {
  cluster: FakeCluster;
  scope: CleanupScope;
  claims: string[];
  injected: Injected;
}

async function inject(
  kind: string,
  written: object,
  cluster = new FakeCluster(["m1"], { r1: "m1", r2: "m1" }),
): Promise<Try> {
  const fault = faults.get(kind);
  assert.ok(fault);
  const params = plannedParams(fault, written);
  const scope = new CleanupScope();
  const claims: string[] = [];
  const injected = await fault.inject(
    {
      id: `${kind}#1`,
      cluster,
      clock: monotonicClock(),
      signal: new AbortController().signal,
      onHeal: (what, undo) => scope.defer(what, undo),
      claim: (node, as) => {
        claims.push(`${node} ${as}`);
        return () => {};
      },
      heldBy: () => null,
      keep: async (file: string) => file,
      pausing: () => () => {},
      note: () => {},
      emit: () => {},
      capture: async () => {},
    },
    params,
  );
  return { cluster, scope, claims, injected };
}

describe("restart", () => {
  it("stops a node and starts it again in its role; heal is the same start once more", async () => {
    const { cluster, scope, claims } = await inject("restart", { node: "r1" });
    assert.deepEqual(cluster.said, ["stop r1", "start r1", "r1 follows m1"]);
    assert.deepEqual(claims, ["r1 down"]);
    await scope.close();
    assert.deepEqual(cluster.said.slice(3), ["start r1", "r1 follows m1"]);
  });

  it("starts another server on the data where an image is named, which heal leaves as it is", async () => {
    const { cluster, scope, injected } = await inject("restart", { node: "r1", image: "valkey/valkey:8.0.1" });
    const said = ["stop r1", "start r1 with valkey/valkey:8.0.1", "r1 follows m1"];
    assert.deepEqual(cluster.said, said);
    const { measured, summary } = await injected.effect();
    assert.equal(measured, true);
    assert.match(summary, /^r1: valkey\/valkey:8\.0\.1 \(version 9\) in place of redis:7\.0\.15$/);
    await scope.close();
    assert.deepEqual(cluster.said, said);
  });
});

describe("switch-master", () => {
  it("promotes first, then points everybody at the new master, the old one included", async () => {
    const { cluster } = await inject("switch-master", { to: "r1" });
    assert.equal(cluster.said[0], "r1 is promoted");
    assert.deepEqual(cluster.said.slice(1).sort(), ["m1 follows r1", "r2 follows r1"]);
    assert.deepEqual(cluster.topology, { masters: ["r1"], replicaOf: { r2: "r1", m1: "r1" } });
  });

  it("can leave the old master alone, to be joined when healed", async () => {
    const { cluster } = await inject("switch-master", { to: "r1", "old-master": "leave" });
    assert.ok(!cluster.said.includes("m1 follows r1"));
    assert.equal(cluster.topology.replicaOf.m1, "r1");
  });

  it("re-points one replica and leaves the masters as they are", async () => {
    const cluster = new FakeCluster(["m1", "m2"], { r1: "m1" });
    const { injected } = await inject("switch-master", { node: "r1", to: ["m2", "m1"] }, cluster);
    assert.deepEqual(cluster.topology, { masters: ["m1", "m2"], replicaOf: { r1: "m2" } });
    assert.deepEqual(cluster.said, ["r1 follows m2"]);
    assert.equal((await injected.effect()).measured, true);
  });

  it("by way of NO ONE, and over several connections in turn, when asked", async () => {
    const cluster = new FakeCluster(["m1", "m2"], { r1: "m1" });
    const written = { node: "r1", to: ["m2", "m1"], via: "slaveof-no-one", connections: 3 };
    await inject("switch-master", written, cluster);
    assert.deepEqual(cluster.said, ["r1 follows m2 through no one"]);
    const connections = [0, 1, 2, 3].map((n) => plannedParams(switchMaster, written, n).connection);
    assert.deepEqual(connections, [0, 1, 2, 0]);
  });

  it("has no effect when the replica does not answer, and says so at once", async () => {
    const cluster = new FakeCluster(["m1", "m2"], { r1: "m1" });
    cluster.refusals.set("r1", new Error("no answer for 15 s"));
    const { injected } = await inject("switch-master", { node: "r1", to: "m2" }, cluster);
    assert.deepEqual(await injected.effect(), { measured: false, summary: "no answer for 15 s" });
  });

  it("counts as done when the next switch came before anybody could look", async () => {
    const cluster = new FakeCluster(["m1", "m2"], { r1: "m1" });
    const first = await inject("switch-master", { node: "r1", to: "m2" }, cluster);
    await inject("switch-master", { node: "r1", to: "m1" }, cluster);
    assert.equal((await first.injected.effect()).measured, true);
  });

  it("tells the loader which kind of cluster it needs", () => {
    const { mentions, written: params } = switchMaster.parameters;
    const modes = ["setnodes", "slaveof", "slaveof-no-one", "cluster-failover-force", "sentinel-failover"].map(
      (via) => {
        return mentions(params.parse({ via })).find(({ kind }) => kind === "mode")?.name;
      },
    );
    assert.deepEqual(modes, ["setnodes", "replication", "replication", "cluster-failover", "sentinel-failover"]);
    const told = mentions(params.parse({ node: "r1", to: "m1", "old-master": "leave" }));
    assert.deepEqual(
      told.filter(({ kind }) => kind === "mode"),
      [
        { kind: "mode", name: "operator", path: ["node"] },
        { kind: "mode", name: "operator", path: ["old-master"] },
      ],
    );
  });

  it("asks the replica itself where servers choose their masters, and counts when they agree", async () => {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    cluster.ruler = "servers";
    const { injected } = await inject("switch-master", { to: "r1", via: "cluster-failover-takeover" }, cluster);
    assert.deepEqual(cluster.said, ["r1: CLUSTER FAILOVER TAKEOVER"]);
    const effect = injected.effect();
    cluster.intend({ masters: ["r1"], replicaOf: { m1: "r1" } });
    assert.deepEqual(await effect, {
      measured: true,
      summary: "r1 is master (was m1), as they agreed; r1: CLUSTER FAILOVER TAKEOVER: OK",
    });
    const again = await inject("switch-master", { to: "r1" }, cluster);
    assert.equal((await again.injected.effect()).measured, false);
  });

  it("re-points a replica at a master that it does not follow, whichever that is by then", async () => {
    for (const [now, other] of [
      ["m1", "m2"],
      ["m2", "m1"],
    ] as const) {
      const cluster = new FakeCluster(["m1", "m2"], { r1: now });
      await inject("switch-master", { node: "r1", to: "other-master" }, cluster);
      assert.deepEqual(cluster.said, [`r1 follows ${other}`]);
    }
  });

  it("has no effect when the node is the master already", async () => {
    const { injected } = await inject("switch-master", { to: "m1" });
    assert.equal((await injected.effect()).measured, false);
  });
});

describe("pause", () => {
  it("claims the node before it is frozen, and has no effect when the engine does not freeze it", async () => {
    const { cluster, claims, injected } = await inject("pause", { node: "r1" });
    assert.deepEqual(claims, ["r1 paused"]);
    assert.deepEqual(cluster.said, ["pause r1"]);
    assert.equal((await injected.effect()).measured, false);
  });
});

describe("partition", () => {
  const cases = [
    ["blackhole", "bandwidth"],
    ["drop", "timeout"],
    ["reset", "reset_peer"],
  ] as const;
  for (const [mode, toxic] of cases) {
    it(`${mode} is a ${toxic} toxic in both directions, removed by heal`, async () => {
      const { cluster, scope } = await inject("partition", { links: ["r1 -> m1"], mode });
      assert.deepEqual(cluster.said.sort(), [
        `toxic partition#1-to-master: ${toxic} on r1 -> m1 (to-master)`,
        `toxic partition#1-to-replica: ${toxic} on r1 -> m1 (to-replica)`,
      ]);
      cluster.said.length = 0;
      assert.deepEqual(await scope.close(), []);
      assert.equal(cluster.said.length, 2);
    });
  }

  it("cuts one direction only when asked", async () => {
    const { cluster } = await inject("partition", { links: ["r1 -> m1"], direction: "to-replica" });
    assert.equal(cluster.said.length, 1);
  });

  it("isolates a node from peers and clients", async () => {
    const { injected } = await inject("partition", { isolate: "r1" });
    const links = ["r1", "client -> r1", "m1 -> r1", "r1 -> m1", "r1 -> r2", "r2 -> r1"];
    assert.deepEqual([...injected.targets].sort(), links.sort());
  });

  it("disconnects a node and brings it back", async () => {
    const { cluster, scope } = await inject("partition", { isolate: "m1", mode: "disconnect" });
    await scope.close();
    assert.deepEqual(cluster.said, ["disconnect m1", "reconnect m1"]);
  });

  it("on links that nobody uses has no effect", async () => {
    const { injected } = await inject("partition", { links: ["r1 -> r2"] });
    assert.equal((await injected.effect()).measured, false);
  });

  it("refuses what cannot be", () => {
    const { written: params } = partition.parameters;
    const wrong = [{}, { links: ["r1 -> m1"], isolate: "r1" }, { links: ["r1 -> m1"], mode: "disconnect" }];
    for (const written of wrong) assert.equal(params.safeParse(written).success, false, JSON.stringify(written));
  });
});

describe("kill", () => {
  it("that never restarts registers no heal; else heal starts the node in its role", async () => {
    const { parameters, ownDuration } = kill;
    assert.equal(ownDuration?.(plannedParams(kill, { node: "r1", "restart-after": "2s" })), 2000);
    assert.equal(parameters.written.safeParse({ node: "r1", signal: "9" }).success, false);
  });
});
