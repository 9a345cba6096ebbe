import assert from "node:assert/strict";
import type { EventOf } from "../journal/events.ts";
import { final, finals, recorded, write } from "../testing/history-fixture.support.ts";
import { clusterEvent, condition, event, fixture, starved, state } from "../testing/record-fixture.support.ts";
import { converges } from "./data/converges.ts";
import { oneMaster } from "./roles/one-master.ts";
import { recoversWithin } from "./service/recovers-within.ts";

describe("one-master", () => {
  it("is green when everybody says what was meant", () => {
    assert.equal(oneMaster.check(fixture()).valid, true);
  });

  it("finds two masters, from when the second one said so", () => {
    const result = oneMaster.check(
      fixture([state(30_000, "r1", "replica"), state(54_500, "r1", "master"), state(56_000, "r1", "master")]),
    );
    assert.deepEqual(
      result.findings.map((finding) => [finding.type, finding.class, finding.node, finding.from]),
      [["split-brain", "two-masters", "r1", 54_500]],
    );
  });

  it("finds that there is no master", () => {
    assert.deepEqual(
      oneMaster.check(fixture([state(55_000, "m1", "replica")])).findings.map((finding) => finding.class),
      ["no-master"],
    );
  });

  it("finds a swapped pair as wrong on both nodes", () => {
    const result = oneMaster.check(fixture([state(55_000, "m1", "replica"), state(55_000, "r1", "master")]));
    assert.deepEqual(result.findings.map((finding) => finding.class).sort(), ["two-masters", "wrong-master"]);
  });

  it("follows the last intended topology", () => {
    const moved = { type: "topology" as const, t: 30_000, masters: ["r1"], replicaOf: { m1: "r1" }, reason: "storm#3" };
    assert.equal(oneMaster.check(fixture([moved])).valid, false);
    assert.equal(
      oneMaster.check(fixture([moved, state(55_000, "r1", "master"), state(55_000, "m1", "replica")])).valid,
      true,
    );
  });

  it("does not know a node's role when it was last told before recovery was over", () => {
    const result = oneMaster.check(
      fixture([state(20_000, "m1", "master"), state(55_000, "r1", "replica")], { without: ["node-state"] }),
    );
    assert.equal(result.valid, "unknown");
    assert.match(result.why ?? "", /m1 did not tell/);
  });

  it("does not know without a recovery phase or an intention", () => {
    assert.equal(oneMaster.check(fixture([], { without: ["topology"] })).valid, "unknown");
    assert.equal(oneMaster.check(fixture([], { without: ["recovery", "phase"] })).valid, "unknown");
  });
});

describe("converges", () => {
  const difference = { key: "k1", kind: "missing-on-replica" as const, master: '"v"', replica: null };

  it("is green when the datasets are equal", () => {
    assert.equal(converges.check(fixture()).valid, true);
  });

  for (const [kind, expected] of [
    ["missing-on-replica", "missing-keys"],
    ["extra-on-replica", "extra-keys"],
    ["value", "different-values"],
    ["type", "different-values"],
  ] as const) {
    it(`finds ${expected} (${kind})`, () => {
      const result = converges.check(
        fixture([event("comparison", 57_000, { different: 1, differences: [{ ...difference, kind }] })]),
      );
      assert.deepEqual(
        [result.findings[0]?.type, result.findings[0]?.class, result.findings[0]?.node],
        ["divergence", expected, "r1"],
      );
      assert.match(result.findings[0]?.proof ?? "", /^Key k1: m1 has "v"/);
    });
  }

  it("counts only the last comparison of a replica", () => {
    const first = event("comparison", 55_500, { different: 1, differences: [difference] });
    assert.equal(converges.check(fixture([first])).valid, true);
  });

  it("finds the differences of all other keys when single ones could not be compared, and doubts these", () => {
    const one = { complete: false, why: "1 key could not be compared (first: k: nil)", notComparable: 1 };
    const { valid, findings, why } = converges.check(fixture([event("comparison", 57_000, { ...one, different: 1 })]));
    assert.deepEqual([valid, findings.length], [false, 1]);
    assert.match(why ?? "", /^r1 could not be compared wholly with m1: 1 key could not be compared \(first: k: nil\)$/);
    assert.equal(converges.check(fixture([event("comparison", 57_000, one)])).valid, "unknown");
  });

  it("says how many keys were left out because the experiment moved their slot", () => {
    const { valid, why } = converges.check(fixture([event("comparison", 57_000, { moved: 7 })]));
    assert.equal(valid, true);
    assert.equal(why, "7 keys were not compared on r1: the experiment gave their slot to another master");
  });

  it("says of a replica that has no link that it has none, and does not blame it where the harness was starved", () => {
    const unlinked = state(56_000, "r1", "replica") as EventOf<"node-state">;
    const apart = { ...unlinked, state: { ...unlinked.state, link: "down" as const, linkDetail: "(NoConnect)" } };
    const differs = event("comparison", 57_000, { different: 1, differences: [difference] });
    const [finding] = converges.check(fixture([apart, differs])).findings;
    assert.match(
      finding?.summary ?? "",
      /^r1, which is not linked with its master \(NoConnect\), differs from m1 in 1 key /,
    );
    const { valid, why } = converges.check(fixture([apart, differs, ...starved(42_000, 48_000)]));
    assert.equal(valid, "unknown");
    assert.match(why ?? "", /differs from .* But the harness was starved for 38 % of the time since heal$/);
    assert.equal(converges.check(fixture([unlinked, differs, ...starved(42_000, 48_000)])).valid, false, "linked");
  });

  it("does not know when a comparison was not finished, when none was made, or when one replica has none", () => {
    assert.equal(
      converges.check(fixture([event("comparison", 57_000, { complete: false, why: "timeout" })])).valid,
      "unknown",
    );
    assert.equal(converges.check(fixture([], { without: ["comparison"] })).valid, "unknown");
    assert.equal(converges.check(fixture([], { without: ["comparison", "topology"] })).valid, "unknown");
    const more = { type: "topology" as const, t: 2000, masters: ["m1"], replicaOf: { r1: "m1", r2: "m1" }, reason: "" };
    assert.match(converges.check(fixture([more])).why ?? "", /r2 was not compared/);
  });
});

describe("a node that the experiment takes away for good", () => {
  const R2 = {
    t: 1500,
    type: "topology" as const,
    masters: ["m1"],
    replicaOf: { r1: "m1", r2: "m1" },
    reason: "setup",
  };
  const gone = (node: string) => condition(30_000, node, "down");

  it("is left out of converges, which says so; the others are judged all the same", () => {
    const { valid, why } = converges.check(fixture([R2, gone("r2")]));
    assert.deepEqual([valid, why], [true, "r2 was left out: the experiment took it down for good"]);
    const differs = event("comparison", 57_000, { different: 1 });
    assert.equal(converges.check(fixture([R2, gone("r2"), differs])).valid, false);
  });

  it("is left out when it was a master: its replicas have nobody to be equal to", () => {
    const { valid, why } = converges.check(fixture([gone("m1")], { without: ["comparison"] }));
    assert.equal(valid, true);
    assert.match(
      why ?? "",
      /^r1 had nobody to be equal to: the experiment took m1 down for good; nothing was left to compare$/,
    );
  });

  it("is no excuse when it came back, or for another one that was not compared", () => {
    const back = condition(35_000, "r2", "healthy");
    assert.equal(converges.check(fixture([R2, gone("r2"), back])).valid, "unknown");
    const R3 = { ...R2, t: 1600, replicaOf: { r1: "m1", r2: "m1", r3: "m1" } };
    assert.match(converges.check(fixture([R3, gone("r2")])).why ?? "", /r3 was not compared.*r2 was left out/);
  });

  it("needs no role, and one-master says that it did not ask for one", () => {
    const { valid, why } = oneMaster.check(fixture([R2, gone("r2")]));
    assert.deepEqual([valid, why], [true, "r2 was left out: the experiment took it down for good"]);
  });
});

describe("converges with a recorded load", () => {
  const shape = { type: "zset", prefix: "zadd\n:", keys: 9, elements: 4 } as const;
  const different = (key: string) => {
    const differences = [{ key, kind: "value" as const, master: "a zset", replica: "another" }];
    return event("comparison", 57_000, { different: 1, differences });
  };
  const operations = [write(1, 12, 13, { cell: 8 }), write(2, 14, 15, { cell: 9 }), write(3, 14, 15, { cell: 4 })];
  const last = [
    ...finals(1, { cell: 8 }),
    final("m1", 2, { cell: 9 }),
    final("r1", 0, { cell: 9 }),
    final("m1", 3, { cell: 4 }),
    final("r1", 0, { cell: 4 }),
  ];

  it("tells how the first differing key came to that", () => {
    const record = recorded({ operations, final: last, events: [different("zadd\\x0a:2")], load: { shape } });
    const { key, element, cells, life } = converges.check(record).findings[0]?.detail ?? {};
    assert.deepEqual([key, element], ["zadd\n:2", "element:1"]);
    assert.deepEqual(
      (cells as { found: string; expected: string }[]).map(({ found, expected }) => [found, expected]),
      [["nothing", "v2"]],
    );
    assert.deepEqual(
      (life as { what: string; node: string; marked: boolean }[]).map((one) => [one.what, one.node, one.marked]),
      [
        ["write", "m1", false],
        ["final-read", "m1", true],
        ["final-read", "r1", true],
      ],
    );
  });

  it("says nothing of keys that no recorded load wrote", () => {
    const record = recorded({ operations, final: last, events: [different("other:2")], load: { shape } });
    assert.equal(converges.check(record).findings[0]?.detail?.life, undefined);
  });
});

describe("recovers-within", () => {
  const late = (...waiting: { node: string; what: string }[]) =>
    event("recovery", 60_000, { recovered: false, ms: 19_000, waiting });
  const check = (...events: Parameters<typeof fixture>[0] & {}) =>
    recoversWithin.check(fixture(events, { without: ["recovery"] }));

  it("is green when the cluster recovered, unknown when the run never got there", () => {
    assert.equal(recoversWithin.check(fixture()).valid, true);
    assert.equal(check().valid, "unknown");
  });

  it("finds one slow recovery per node that nothing else explains", () => {
    const result = check(late({ node: "r1", what: "link down" }, { node: "r1", what: "offset behind" }));
    assert.deepEqual(
      result.findings.map((finding) => [finding.type, finding.node]),
      [["slow-recovery", "r1"]],
    );
    assert.match(result.findings[0]?.summary ?? "", /link down, offset behind/);
  });

  it("adds no finding for a node that hangs, crashed or is stalled, nor for replicas of such a master", () => {
    for (const sign of [
      condition(30_000, "r1", "deadlocked"),
      condition(30_000, "r1", "stalled"),
      condition(30_000, "m1", "livelocked"),
      event("container", 30_000, { exitCode: 139 }),
    ]) {
      const result = check(sign, late({ node: "r1", what: "no answer" }));
      assert.deepEqual([result.valid, result.findings], [false, []], JSON.stringify(sign));
      assert.match(result.why ?? "", /as other findings explain: r1: /);
    }
  });

  it("accuses the sentinel that says otherwise, and no server that answers and does as it was told", () => {
    const judged = (...more: Parameters<typeof fixture>[0] & {}) => {
      const waiting = [
        { node: "m1", what: "should be a master and is not" },
        { node: "s1", what: "says that r1 is master instead of m1", dissent: true as const },
      ];
      const cluster = clusterEvent(500, { m1: "master", r1: "replica", s1: "sentinel", c0: "control" });
      const late = event("recovery", 60_000, { recovered: false, ms: 19_000, waiting });
      const record = fixture([cluster, late, ...more], { without: ["recovery", "cluster"] });
      const { findings, why } = recoversWithin.check(record);
      return [...findings.map(({ node }) => node), why?.split(": ").slice(1).join(": ")];
    };
    assert.deepEqual(judged(), ["s1", "m1: slow-recovery/not-recovered of s1"]);
    assert.deepEqual(judged(condition(45_000, "m1", "slow")), ["s1", "m1: slow-recovery/slow of m1"]);
  });

  it("a crash that was over long before does not explain it", () => {
    const events = [event("container", 20_000, { exitCode: 139 }), event("container", 21_000, { action: "start" })];
    assert.equal(check(...events, late({ node: "r1", what: "link down" })).findings.length, 1);
  });

  it("does not know when the harness was starved during recovery", () => {
    assert.equal(check(late({ node: "r1", what: "link down" }), ...starved(45_000, 55_000)).valid, "unknown");
  });
});
