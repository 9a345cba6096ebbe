import assert from "node:assert/strict";
import { slotOf } from "../cluster/slots.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { FakeCluster } from "../testing/fake-cluster.support.ts";
import { placeLoads } from "./load-targets.ts";

const spec: LoadSpec = {
  name: "set",
  workload: "set",
  on: "masters",
  via: "link",
  connections: 5,
  pipeline: 1,
  rate: 300,
  keys: 10,
  keyPrefix: "set:",
  value: { min: 1, max: 1 },
  elements: 1,
  timeout: 1000,
  record: false,
  wait: null,
};

/** Two shards, told apart by the number in a node's name. */
class FakeShards extends FakeCluster {
  override readonly sharded = true;
  override keyTag(node = ""): string {
    return `{s${(this.topology.replicaOf[node] ?? node).slice(1)}}`;
  }
}

describe("where loads go", () => {
  it("outside cluster mode each load as it is, on the masters of the moment", () => {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    const [load, ...others] = placeLoads(cluster, [spec]);
    assert.deepEqual([load?.spec, others], [spec, []]);
    assert.deepEqual(
      load?.targets().map(({ node }) => node),
      ["m1"],
    );
    cluster.intend({ masters: ["r1"], replicaOf: { m1: "r1" } });
    assert.deepEqual(
      load?.targets().map(({ node }) => node),
      ["r1"],
    );
  });

  it("goes through the client link of a node, or straight to it, as the plan says", () => {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    const [link, direct, mixed] = placeLoads(cluster, [
      spec,
      { ...spec, name: "a", via: "direct" },
      { ...spec, name: "b", on: ["m1", "r1"], via: { m1: "direct", r1: "link" } },
    ]);
    const { direct: own } = cluster.node("m1");
    assert.deepEqual(link?.targets(), [{ node: "m1", ...cluster.link("client", "m1").published }]);
    assert.deepEqual(direct?.targets(), [{ node: "m1", ...own }]);
    assert.deepEqual(mixed?.targets(), [
      { node: "m1", ...own },
      { node: "r1", ...cluster.link("client", "r1").published },
    ]);
  });

  it("in cluster mode one part per shard, with keys and nodes of that shard only", () => {
    const cluster = new FakeShards(["m1", "m2"], { r1: "m1", r2: "m2" });
    const parts = placeLoads(cluster, [
      { ...spec, slots: 1 },
      { ...spec, name: "read", on: "replicas", rate: null, connections: 1 },
    ]);
    assert.deepEqual(
      parts.map((part) => [part.told, part.spec.name, part.spec.keyPrefix, part.spec.rate, part.spec.connections]),
      [
        ["set-shard1", "set-shard1", "{s1}set:", 150, 3],
        ["set-shard2", "set-shard2", "{s2}set:", 150, 3],
        ["read-shard1", "read-shard1", "{s1}set:", null, 1],
        ["read-shard2", "read-shard2", "{s2}set:", null, 1],
      ],
    );
    assert.deepEqual(
      parts.map((part) => part.targets().map(({ node }) => node)),
      [["m1"], ["m2"], ["r1"], ["r2"]],
    );
    assert.deepEqual(
      parts.map((part) => part.nodes()),
      [
        ["m1", "r1"],
        ["m2", "r2"],
        ["m1", "r1"],
        ["m2", "r2"],
      ],
    );
  });

  it("in several slots of a shard: a part for each, which shares its keys, clients and rate with the others, and moves alone", () => {
    const cluster = new FakeShards(["m1", "m2"], { r1: "m1", r2: "m2" });
    const parts = placeLoads(cluster, [{ ...spec, slots: 4, keys: 10, connections: 10 }]);
    const first = parts.filter(({ told }) => told === "set-shard1");
    assert.equal(parts.length, 8);
    assert.deepEqual(
      first.map(({ spec: { keyPrefix, keys, connections, rate } }) => [keyPrefix, keys, connections, rate]),
      [
        ["{s1}set:", 3, 2, 37.5],
        ["{s1-1}set:", 3, 1, 37.5],
        ["{s1-2}set:", 2, 1, 37.5],
        ["{s1-3}set:", 2, 1, 37.5],
      ],
    );
    for (const { spec: own, slot } of first) {
      assert.equal(slot, slotOf(own.keyPrefix));
      assert.equal(own.name, `set-shard1-slot${slot}`);
    }
    const targets = () => first.map((part) => part.targets().map(({ node }) => node));
    assert.deepEqual([first[1]?.moveTo("m2"), first[2]?.moveTo("r1")], [true, false]);
    assert.deepEqual(targets(), [["m1"], ["m2"], ["m1"], ["m1"]]);
    assert.deepEqual(
      [first[0]?.nodes(), first[1]?.nodes()],
      [
        ["m1", "r1"],
        ["m2", "r2"],
      ],
    );
    cluster.intend({ masters: ["r1", "m2"], replicaOf: { m1: "r1", r2: "m2" } });
    assert.deepEqual(targets(), [["r1"], ["m2"], ["r1"], ["r1"]]);
  });
});
