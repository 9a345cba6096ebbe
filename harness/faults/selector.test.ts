import assert from "node:assert/strict";
import { seededRandom } from "../base/random.ts";
import { FakeCluster } from "../testing/fake-cluster.support.ts";
import {
  linkSelector,
  mentionLink,
  mentionNode,
  resolveLink,
  resolveNode,
  selectLink,
  selectNode,
} from "./selector.ts";

const SHAPE = { masters: ["m1"], replicas: ["r1", "r2"], links: [] };

describe("node and link selectors", () => {
  it("take the master of the moment, not the one of the start", () => {
    const cluster = new FakeCluster(["m1"], { r1: "m1", r2: "m1" });
    assert.equal(selectNode(cluster, "master").name, "m1");
    cluster.intend({ masters: ["r1"], replicaOf: { m1: "r1", r2: "r1" } });
    assert.equal(selectNode(cluster, "master").name, "r1");
  });

  it("draw a replica from the seed once, and mean a replica of the moment by it", () => {
    const drawn = resolveNode("any-replica", seededRandom("7"), SHAPE);
    assert.match(drawn, /^replica\/[01]$/);
    assert.equal(drawn, resolveNode("any-replica", seededRandom("7"), SHAPE));
    const cluster = new FakeCluster(["r1"], { m1: "r1", r2: "r1" });
    assert.ok(["m1", "r2"].includes(selectNode(cluster, drawn).name));
  });

  it("let a node that is really called replica win over the role", () => {
    assert.equal(
      resolveNode("replica", seededRandom("1"), { masters: ["m1"], replicas: ["replica"], links: [] }),
      "replica",
    );
  });

  it("mean by `r1 -> master` the link to r1's own master", () => {
    const cluster = new FakeCluster(["m1", "m2"], { r1: "m2" });
    assert.equal(selectLink(cluster, "r1 -> master").name, "r1 -> m2");
    assert.equal(selectLink(cluster, "client -> m1").name, "client -> m1");
    const any = resolveLink("replica -> master", seededRandom("1"), {
      masters: ["m1", "m2"],
      replicas: ["r1"],
      links: [],
    });
    assert.equal(selectLink(cluster, any).name, "r1 -> m2");
  });

  it("give the loader literal names only", () => {
    assert.deepEqual(mentionNode("master", ["node"]), []);
    assert.deepEqual(mentionLink("r1 -> m1", ["links", 0]), [{ kind: "link", name: "r1 -> m1", path: ["links", 0] }]);
    assert.deepEqual(mentionLink("r1 -> master", ["links", 0]), [{ kind: "node", name: "r1", path: ["links", 0] }]);
    assert.equal(linkSelector.safeParse("r1 to m1").success, false);
  });

  it("say so when nobody has the role", () => {
    assert.throws(() => selectNode(new FakeCluster(["m1"], {}), "replica/0"), /no node is "replica\/0"/);
  });
});
