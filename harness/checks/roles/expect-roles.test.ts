import assert from "node:assert/strict";
import { event, fixture } from "../../testing/record-fixture.support.ts";
import { oneMaster } from "./one-master.ts";

/** A healthy run in which m1 is master and r1 follows it. */
function judge(expectRoles: Record<string, string>) {
  const record = fixture([event("topology", 1_500, { masters: ["m1"], replicaOf: { r1: "m1" } })], {
    experiment: { expectRoles },
  });
  const { valid, findings } = oneMaster.check(record);
  return [valid, ...findings.map(({ node, class: kind }) => `${kind} ${node}`)];
}

describe("expect-roles", () => {
  it("is met by what nodes are in the end, or by anything", () => {
    const met: Record<string, string>[] = [{}, { m1: "master", r1: "m1" }, { r1: "replica" }, { m1: "any", r1: "any" }];
    for (const roles of met) assert.deepEqual(judge(roles), [true], JSON.stringify(roles));
  });

  it("finds another role, and a replica that follows another one", () => {
    assert.deepEqual(judge({ m1: "replica", r1: "master" }), [false, "two-masters m1", "wrong-master r1"]);
    assert.deepEqual(judge({ r1: "m2" }), [false, "other-master r1"]);
    assert.deepEqual(judge({ m1: "r1" }), [false, "two-masters m1"]);
  });
});
