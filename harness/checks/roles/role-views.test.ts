import assert from "node:assert/strict";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { fixture, state } from "../../testing/record-fixture.support.ts";
import { oneMaster } from "./one-master.ts";

type View = EventOf<"role-view">;

const ROLES = { m1: "master", r1: "replica", m2: "master", r2: "replica", s1: "sentinel" } as const;

/** Two shards of servers that rule themselves. */
function cluster(ruledBy: "servers" | "sentinels"): JournalEvent[] {
  const names = Object.keys(ROLES) as (keyof typeof ROLES)[];
  const nodes = names.map((name) => ({
    ...{ name, role: ROLES[name], container: name, image: "redis:7.0.15", digest: null, ports: {}, version: null },
  }));
  return [
    { type: "cluster", t: 600, nodes, links: [], ruledBy },
    { type: "topology", t: 1100, masters: ["m1", "m2"], replicaOf: { r1: "m1", r2: "m2" }, reason: "setup" },
    state(54_000, "m2", "master"),
    state(54_000, "r2", "replica"),
  ];
}

function view(node: string, owners: (string | null)[], claims: number[] = [], t = 54_100): View {
  const shards = owners.map((owner, i) => ({ shard: i + 1, owner, epoch: i + 1 }));
  return { type: "role-view", t, node, shards, claims };
}

const AGREED = ["m1", "m2"];
const calm = {
  m1: view("m1", AGREED, [1]),
  m2: view("m2", AGREED, [2]),
  r1: view("r1", AGREED),
  r2: view("r2", AGREED),
};

const found = (ruledBy: "servers" | "sentinels", more: JournalEvent[]) => {
  const result = oneMaster.check(fixture([...cluster(ruledBy), ...more], {}));
  return { ...result, found: result.findings.map((one) => `${one.class} on ${one.node}`) };
};

describe("one-master where servers choose their masters", () => {
  it("is green when each shard has one claimant, on whom all agree", () => {
    const { valid, why } = found("servers", Object.values(calm));
    assert.deepEqual([valid, why], [true, null]);
  });

  it("finds a second claimant once, though it also says that it is master", () => {
    const second = view("r1", ["r1", null], [1]);
    const more = [...Object.values({ ...calm, r1: second }), state(54_050, "r1", "master")];
    assert.deepEqual(found("servers", more).found, ["two-claimants on r1"]);
  });

  it("finds the only claimant of a shard that was agreed to be another's, and whoever takes nobody for its master", () => {
    const claims = view("r1", ["r1", null], [1]);
    const left = view("m1", [null, "m2"]);
    const result = found("servers", Object.values({ ...calm, r1: claims, m1: left }));
    assert.deepEqual(result.found.sort(), ["disagreement on m1", "wrong-claimant on r1"]);
    assert.match(
      result.findings.map(({ summary }) => summary).join(" "),
      /r1 says .* master of shard 1, which is m1's/,
    );
    assert.deepEqual(
      result.findings.map(({ proof, detail }) => [proof, typeof detail?.observed]),
      [
        [null, "string"],
        [null, "string"],
      ],
    );
  });

  it("finds one that names another owner, and a shard that nobody claims", () => {
    const other = view("r2", ["r1", "m2"]);
    const shy = view("m2", AGREED);
    assert.deepEqual(found("servers", Object.values({ ...calm, r2: other, m2: shy })).found, [
      "no-claimant on m2",
      "disagreement on r2",
    ]);
  });

  it("does not know what was last told before recovery was over", () => {
    const { valid, why } = found("servers", Object.values({ ...calm, m2: view("m2", AGREED, [2], 20_000) }));
    assert.equal(valid, "unknown");
    assert.match(why ?? "", /m2 did not tell whom it takes for master/);
  });

  it("leaves out what a fault took down for ever", () => {
    const { r2: _, ...others } = calm;
    const down: JournalEvent = {
      type: "condition",
      t: 30_000,
      node: "r2",
      was: "healthy",
      now: "down",
      since: 1,
      why: "",
    };
    assert.equal(found("servers", [...Object.values(others), down]).valid, true);
  });
});

describe("one-master where sentinels choose the master", () => {
  it("asks the sentinels, and finds one that takes another server for master", () => {
    assert.equal(found("sentinels", [view("s1", AGREED)]).valid, true);
    assert.deepEqual(found("sentinels", [view("s1", ["r1", "m2"])]).found, ["disagreement on s1"]);
  });
});
