import assert from "node:assert/strict";
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
    const parts = placeLoads(cluster, [spec, { ...spec, name: "read", on: "replicas", rate: null, connections: 1 }]);
    assert.deepEqual(
      parts.map((part) => [part.spec.name, part.spec.keyPrefix, part.spec.rate, part.spec.connections]),
      [
        ["set-shard1", "{s1}set:", 150, 3],
        ["set-shard2", "{s2}set:", 150, 3],
        ["read-shard1", "{s1}set:", null, 1],
        ["read-shard2", "{s2}set:", null, 1],
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
});
