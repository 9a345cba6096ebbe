import assert from "node:assert/strict";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { fillWords, mentionWords } from "./command-words.ts";

describe("words of a command", () => {
  const cluster = new FakeCluster(["m1", "m2"], { r1: "m1" });
  const fill = (argv: string[], node = "r1") => fillWords(argv, cluster.node(node), cluster);

  it("name a link's end, as the node that gets the command dials it", () => {
    assert.deepEqual(fill(["SLAVEOF", "{self -> m1 host}", "{self -> m1 port}"]), ["SLAVEOF", "toxiproxy", "10020"]);
  });

  it("name a topology as the node should see it, ids, and a version that grows from command to command", () => {
    const setNodes = ["CLUSTERX", "SETNODES", "{topology}", "{version}"];
    const [first, second] = [fill(setNodes), fill(setNodes, "m1")];
    assert.deepEqual([first[2], second[2]], ["all as r1 sees them", "all as m1 sees them"]);
    assert.equal(Number(second[3]), Number(first[3]) + 1);
    assert.deepEqual(fill(["CLUSTERX", "MIGRATE", "7", "{m2 id}", "{self id}"]).slice(2), [
      "7",
      "id-of-m2",
      "id-of-r1",
    ]);
  });

  it("name what a shard's keys begin with, and the slot of a load's keys on the shard of the node that gets the command", () => {
    class Sharded extends FakeCluster {
      override keyTag(name: string): string {
        return { m1: "{s2}", r1: "{s2}", m2: "{s0}" }[name] ?? "";
      }
    }
    const sharded = new Sharded(["m1", "m2", "m3"], { r1: "m1" });
    const filled = (argv: string[], node: string) => fillWords(argv, sharded.node(node), sharded);
    const argv = ["SET", "{tag of m2}mine", "{tag of self}", "{slot of set}", "slots-{slot of set#2}-{ tag of m1 }"];
    assert.deepEqual(filled(argv, "r1"), ["SET", "{s0}mine", "{s2}", "2843", "slots-2843-{s2}"]);
    assert.deepEqual(filled(["{slot of set}"], "m2"), ["11097"]);
    assert.throws(() => filled(["{slot of set}"], "m3"), /m3 has no slots/);
    assert.deepEqual(mentionWords(["{tag of m9}x", "{slot of set}", "{tag of self}"], ["argv"]), [
      { kind: "mode", name: "slots", path: ["argv", 0] },
      { kind: "node", name: "m9", path: ["argv", 0] },
      { kind: "mode", name: "slots", path: ["argv", 1] },
      { kind: "load", name: "set", path: ["argv", 1] },
      { kind: "mode", name: "slots", path: ["argv", 2] },
    ]);
  });

  it("leave everything else in braces alone", () => {
    const script = ["EVAL", "local t = {version} return {1,2}", "{x}", "{s1}key"];
    assert.deepEqual(fill(script), script);
  });

  it("of cluster mode are refused elsewhere, and so are nodes that are not there", () => {
    assert.deepEqual(mentionWords(["MIGRATE", "{m9 id}", "{topology}"], ["argv"]), [
      { kind: "mode", name: "slots", path: ["argv", 1] },
      { kind: "node", name: "m9", path: ["argv", 1] },
      { kind: "mode", name: "cluster", path: ["argv", 2] },
    ]);
  });
});
