import assert from "node:assert/strict";
import { FakeCluster } from "./fake-cluster.ts";
import { fillWords, mentionWords } from "./words.ts";

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

  it("leave everything else in braces alone", () => {
    const script = ["EVAL", "local t = {version} return {1,2}", "{x}", "{s1}key"];
    assert.deepEqual(fill(script), script);
  });

  it("of cluster mode are refused elsewhere, and so are nodes that are not there", () => {
    assert.deepEqual(mentionWords(["MIGRATE", "{m9 id}", "{topology}"], ["argv"]), [
      { kind: "mode", name: "cluster", path: ["argv", 1] },
      { kind: "node", name: "m9", path: ["argv", 1] },
      { kind: "mode", name: "cluster", path: ["argv", 2] },
    ]);
  });
});
