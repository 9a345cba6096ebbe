import assert from "node:assert/strict";
import type { RoleView } from "../systems/system.ts";
import { agreement, claimsIn, dissent, lastWord, type Question } from "./agreement.ts";
import type { Topology } from "./cluster.ts";

const NOW: Topology = { masters: ["m1", "m2"], replicaOf: { r1: "m1", r2: "m2" } };
const QUESTION: Question = { shards: [0, 100], nameOf: (host) => (host.startsWith("stranger") ? null : host) };

/** What one says when the shards are these masters'. */
function view(
  self: string,
  first: string,
  second: string,
  replicaOf: Record<string, string> = {},
  epoch = 1,
): RoleView {
  return {
    self,
    masters: [
      { host: first, epoch, slots: [[0, 99]] },
      { host: second, epoch, slots: [[100, 199]] },
    ],
    replicaOf,
  };
}
const same = (self: string) => view(self, "m1", "m2", { r1: "m1", r2: "m2" });
const moved = (self: string) => view(self, "r1", "m2", { r2: "m2" }, 7);
const views = (...all: (RoleView | null)[]) => new Map(all.map((one, i) => [one?.self ?? `silent${i}`, one]));

describe("what servers agree on", () => {
  it("is nothing new while they say what the topology says", () => {
    assert.equal(agreement(views(same("m1"), same("m2"), same("r1"), same("r2")), QUESTION, NOW), null);
  });

  it("is the newest word where one of several rules, and nobody's where none does", () => {
    const old = view("c1", "m1", "m2", {}, 3);
    const newer = view("c2", "r1", "m2", {}, 4);
    assert.deepEqual([...lastWord(views(old, null, newer)).keys()], ["c2"]);
    assert.equal(agreement(lastWord(views(old, null, newer)), QUESTION, NOW)?.topology.masters[0], "r1");
    assert.equal(agreement(lastWord(views(null, null)), QUESTION, NOW), null);
  });

  it("is what more than half of all say, the silent ones counted; the old master will follow the new one", () => {
    const half = views(null, moved("r1"), moved("r2"), same("m2"));
    assert.equal(agreement(half, QUESTION, NOW), null);
    const agreed = agreement(views(null, moved("r1"), moved("r2"), moved("m2")), QUESTION, NOW);
    assert.deepEqual(agreed?.topology, { masters: ["r1", "m2"], replicaOf: { m1: "r1", r2: "m2" } });
    assert.match(agreed.reason, /r1 is master instead of m1: 3 of 4 say so \(epoch 7\)/);
  });

  it("follows a replica that was given another master", () => {
    const other = (self: string) => view(self, "m1", "m2", { r1: "m1", r2: "m1" });
    const agreed = agreement(views(other("m1"), other("m2"), other("r2"), same("r1")), QUESTION, NOW);
    assert.deepEqual(agreed?.topology.replicaOf, { r1: "m1", r2: "m1" });
  });

  it("is nothing while one server has two shards, or a stranger one", () => {
    const both = (self: string) => view(self, "m2", "m2");
    const stranger = (self: string) => view(self, "stranger", "m2", { r1: "m1", r2: "m2" });
    for (const say of [both, stranger]) {
      assert.equal(agreement(views(say("m1"), say("m2"), say("r1"), say("r2")), QUESTION, NOW), null);
    }
  });

  it("leaves out an old master that says it stays without slots, until it follows somebody", () => {
    const all = (m1: RoleView) => views(m1, moved("r1"), moved("r2"), moved("m2"));
    const left = agreement(all({ ...moved("m1"), staysEmpty: true }), QUESTION, NOW);
    assert.deepEqual(left?.topology, { masters: ["r1", "m2"], replicaOf: { r2: "m2" } });
    assert.match(left.reason, /m1 has lost all its slots, and stays a master as it is configured to/);
    assert.equal(agreement(all({ ...moved("m1"), staysEmpty: true }), QUESTION, left.topology), null);
    const follows = (self: string) => view(self, "r1", "m2", { m1: "r1", r2: "m2" }, 7);
    const back = agreement(views(follows("m1"), follows("r1"), follows("r2"), moved("m2")), QUESTION, left.topology);
    assert.deepEqual(back, {
      topology: { masters: ["r1", "m2"], replicaOf: { m1: "r1", r2: "m2" } },
      reason: "m1 follows r1",
    });
  });

  it("takes the claim with the higher epoch of two in one view", () => {
    const two: RoleView = {
      self: "r2",
      masters: [
        { host: "r1", epoch: 9, slots: [[0, 99]] },
        { host: "m1", epoch: 1, slots: [[0, 99]] },
        { host: "m2", epoch: 2, slots: [[100, 199]] },
      ],
      replicaOf: {},
    };
    assert.deepEqual(dissent(views(two), QUESTION, NOW), [
      { node: "r2", what: "says that r1 is master instead of m1" },
    ]);
  });

  it("leaves out who is silent from those who say otherwise", () => {
    assert.deepEqual(dissent(views(null, same("m2")), QUESTION, NOW), []);
  });

  it("claims are a server's own", () => {
    assert.deepEqual([claimsIn(same("m2"), QUESTION), claimsIn(same("r1"), QUESTION)], [[1], []]);
  });
});
