import assert from "node:assert/strict";
import type { Expectation } from "../../journal/expectation.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { watchExpectations } from "./expectation-watch.ts";

const when: Expectation["when"] = { kind: "phase", phase: "chaos", within: 1000 };

function watch(...expectations: Expectation[]) {
  const cluster = new FakeCluster(["m1"], { r1: "m1" });
  const said: string[] = [];
  const emit = (event: object) => {
    const { id, node, line, last } = event as { id: string; node: string; line: string; last?: boolean };
    said.push(`${id} ${node}: ${line}${last ? " (last)" : ""}`);
  };
  watchExpectations({ emit, options: { plan: { experiment: { expectations } } } }, cluster);
  return { cluster, said };
}

describe("log lines that an expectation waits for", () => {
  const log = (id: string, node: string, pattern: string): Expectation => ({
    id,
    node,
    what: { kind: "log", pattern },
    when,
  });

  it("are journaled, of the node that is meant at that moment", () => {
    const { cluster, said } = watch(log("a", "master", "^sync"), log("b", "r1", "done$"));
    for (const node of ["m1", "r1"]) cluster.logLine(node, "sync is done");
    cluster.intend({ masters: ["r1"], replicaOf: { m1: "r1" } });
    for (const node of ["m1", "r1"]) cluster.logLine(node, "sync again");
    assert.deepEqual(said, ["a m1: sync is done", "b r1: sync is done", "a r1: sync again"]);
  });

  it("are bounded, and the last one says so", () => {
    const { cluster, said } = watch(log("a", "m1", "."));
    for (let i = 1; i <= 1_100; i++) cluster.logLine("m1", String(i));
    assert.equal(said.length, 1_000);
    assert.equal(said.at(-1), "a m1: 1000 (last)");
  });

  it("are none for expectations of another kind", () => {
    const { cluster, said } = watch({ id: "a", node: "m1", what: { kind: "full-sync-done" }, when });
    cluster.logLine("m1", "full-sync-done");
    assert.deepEqual(said, []);
  });
});
