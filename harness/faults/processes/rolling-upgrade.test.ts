import assert from "node:assert/strict";
import { monotonicClock } from "../../base/clock.ts";
import type { NodeState } from "../../journal/events.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { plannedParams } from "../../testing/planned-params.support.ts";
import { rollingUpgrade } from "./rolling-upgrade.ts";

const IMAGE = "valkey/valkey:8.0.1";

describe("rolling-upgrade", () => {
  /** @param more what a node says of itself beside its role @param ends nodes whose new server ends */
  async function roll(written: object, more: Record<string, Partial<NodeState>> = {}, ends: readonly string[] = []) {
    const cluster = new FakeCluster(["m1"], { r1: "m1", r2: "m1" });
    const notes: string[] = [];
    for (const node of cluster.nodes) {
      const { name, state, startAs } = node;
      Object.assign(node, {
        state: async () => ({ ...(await state()), link: "up", ...more[name] }),
        startAs: async (server: Parameters<typeof startAs>[0]) => ({
          ...(await startAs(server)),
          failure: ends.includes(name) ? `${name} exited with code 1` : null,
        }),
      });
    }
    const params = plannedParams(rollingUpgrade, { image: IMAGE, within: "1s", ...written });
    const injected = await rollingUpgrade.inject(
      {
        id: "up",
        cluster,
        clock: monotonicClock(),
        signal: new AbortController().signal,
        onHeal: () => {},
        claim: () => () => {},
        pausing: () => () => {},
        heldBy: () => null,
        keep: async (file: string) => file,
        note: (text) => notes.push(text),
        emit: () => {},
        capture: async () => {},
      },
      params,
    );
    const { summary, measured } = await injected.effect();
    const restarted = cluster.said.flatMap((said) => /^start (\S+) with/.exec(said)?.[1] ?? []);
    return { cluster, injected, restarted, summary, measured, notes };
  }

  it("takes the replicas first, then each master, which first gives its role to an upgraded replica", async () => {
    const { cluster, injected, restarted, summary, measured } = await roll({});
    assert.deepEqual(restarted, ["r1", "r2", "m1"]);
    assert.deepEqual(cluster.topology, { masters: ["r1"], replicaOf: { r2: "r1", m1: "r1" } });
    assert.ok(cluster.said.indexOf("r1 is promoted") < cluster.said.indexOf("stop m1"), cluster.said.join("; "));
    assert.deepEqual(injected.targets, ["r1", "r2", "m1"]);
    assert.equal(measured, true);
    assert.match(summary, /^3 of 3 nodes run on valkey\/valkey:8\.0\.1: r1, r2, m1; r1 is master \(was m1\)/);
  });

  it("leaves the masters their role where that is asked for, and comes in the order that is asked for", async () => {
    const { cluster, restarted } = await roll({ order: ["m1", "replicas"], failover: false });
    assert.deepEqual(restarted, ["m1", "r1", "r2"]);
    assert.deepEqual(cluster.topology.masters, ["m1"]);
  });

  it("says that a master was restarted as one, where nobody upgraded can take its place", async () => {
    const { summary, cluster } = await roll({ order: ["masters"] });
    assert.match(summary, /^1 of 1 nodes run on .*; m1 was restarted as master: it had no upgraded replica$/);
    assert.deepEqual(cluster.topology.masters, ["m1"]);
  });

  it("stops where a replica is not linked again, and at a server that does not start", async () => {
    const unlinked = await roll({}, { r1: { link: "down", linkDetail: "connecting" } });
    assert.deepEqual(unlinked.restarted, ["r1"]);
    assert.match(unlinked.summary, /^0 of 3 nodes run on .*; it stopped at r1: .*link down \(connecting\)/);
    assert.match(unlinked.notes[0] ?? "", /^up: 0 of 3/);

    const ended = await roll({}, {}, ["r2"]);
    assert.deepEqual(ended.restarted, ["r1", "r2"]);
    assert.match(ended.summary, /^1 of 3 nodes run on .*: r1; it stopped at r2: .*exited with code 1/);
  });
});
