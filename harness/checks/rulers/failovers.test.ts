import assert from "node:assert/strict";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { condition, event, fixture, state } from "../../testing/record-fixture.support.ts";
import { failovers } from "./failovers.ts";

/** Questions each second, five in a row; a master that is gone must be replaced within 23.4 s. */
const RULING = {
  ...{ names: ["c1", "c2"], store: "store", interval: 1000, failures: 5, answer: 6200 },
  hosts: { h1: "m1", h2: "r1" },
};

const cluster = (): JournalEvent => ({
  ...{ type: "cluster", t: 600, nodes: [], links: [] },
  ...{ controllers: RULING, ruledBy: "controllers", mode: "controller" },
});
const leads = (t: number, node = "c1"): JournalEvent => ({ type: "controller", t, node, says: "leads" });
const silent = (t: number, node = "c1"): JournalEvent => ({ type: "controller", t, node, says: "silent" });
const follows = (t: number, node = "c1"): JournalEvent => ({ type: "controller", t, node, says: "follows" });

function topology(
  t: number,
  version: number,
  master: string,
  more: Partial<EventOf<"controller-topology">> = {},
): JournalEvent {
  const replica = master === "m1" ? "r1" : "m1";
  const shards = [{ masters: [master], replicas: [replica], slots: [[0, 16_383] as const], migrating: null }];
  return { type: "controller-topology", t, node: "c1", version, shards, ...more };
}

const view = (node: string, epoch: number): JournalEvent => ({
  ...{ type: "role-view", t: 54_000, node, claims: [] },
  shards: [{ shard: 1, owner: "r1", epoch }],
});

/** The log of c1: a failed question to m1, or what it decided. */
function log(t: number, rule: string): JournalEvent {
  return event("log", t, { node: "c1", rule, line: rule, fields: { addr: "h1:6666", count: "5" } });
}

/** Every question to m1 was answered in 3 ms, second for second. */
function answers(from: number, to: number, more: Partial<EventOf<"probe">> = {}): JournalEvent[] {
  const events: JournalEvent[] = [];
  for (let t = from; t <= to; t += 1_000)
    events.push({ type: "probe", t, node: "m1", kind: "fresh", ...QUICK, ...more });
  return events;
}
const QUICK = { seconds: 1, sent: 5, answered: 5, lost: 0, oldest: 0, latency: null, silent: [], replies: {} };

const fault = (id: string, kind: string, targets: string[], from: number, to: number): JournalEvent[] => [
  event("fault", from, { id, fault: kind, step: "inject", targets }),
  event("fault", from + 1, { id, fault: kind, step: "injected", targets, ms: 1 }),
  event("fault", to - 1, { id, fault: kind, step: "heal", targets }),
  event("fault", to, { id, fault: kind, step: "healed", targets }),
];

/** m1 is replaced by r1 at 25 s, as the log tells, and everybody knows it in the end. */
const replaced = [
  ...[cluster(), leads(1_100), topology(1_200, 3, "m1"), topology(25_200, 4, "r1")],
  ...["c1", "m1", "r1"].map((node) => view(node, 4)),
  ...[20, 21, 22, 23, 24].map((s) => log(s * 1000, "controller-probe-failed")),
  log(25_000, "controller-promoted"),
];

function judge(...events: JournalEvent[]) {
  const { valid, why, findings } = failovers.check(fixture(events));
  return { valid, why, kinds: findings.map((one) => `${one.class} ${one.node}`), findings };
}

describe("failovers", () => {
  it("is met when nothing was decided, and not known where nobody tells", () => {
    const quiet = [
      cluster(),
      leads(1_100),
      topology(1_200, 3, "m1"),
      ...["c1", "m1", "r1"].map((node) => view(node, 3)),
    ];
    assert.deepEqual(judge(...quiet), { valid: true, why: null, kinds: [], findings: [] });
    assert.match(judge().why ?? "", /names no controllers/);
    assert.match(judge(cluster()).why ?? "", /no controller showed its topology/);
    assert.match(judge(...quiet.slice(0, 3)).why ?? "", /no controller showed its topology after recovery/);
  });

  describe("a master that is replaced", () => {
    it("is no finding when it was gone", () => {
      const gone = [condition(19_000, "m1", "down"), ...fault("crash", "kill", ["m1"], 19_000, 40_500)];
      assert.equal(judge(...replaced, ...gone).valid, true);
    });

    it("is needless when it had answered all the time", () => {
      const { kinds, findings } = judge(...replaced, ...answers(3_000, 40_000));
      assert.deepEqual(kinds, ["needless c1"]);
      assert.match(findings[0]?.summary ?? "", /c1 replaced m1 by r1 \(topology 4\) .* 5 of its own had failed/);
      assert.equal(findings[0]?.detail?.lines?.length, 6);
    });

    it("is needless with less failures than its own limit", () => {
      const few = replaced.filter((one) => one.type !== "log" || one.t > 22_500);
      assert.match(
        judge(...few, ...answers(3_000, 40_000)).findings[0]?.summary ?? "",
        /tells of 2 failed questions, and its limit is 5/,
      );
    });

    it("is none where one of our own questions was lost, late, or not asked", () => {
      for (const bad of [answers(22_000, 22_000, { lost: 1 }), answers(22_000, 22_000, { oldest: 1_500 })])
        assert.equal(judge(...replaced, ...answers(3_000, 40_000), ...bad).valid, true);
      assert.equal(judge(...replaced, ...answers(3_000, 16_000)).valid, true);
    });

    it("is a remark where only the controller's way to it was cut", () => {
      const cut = fault("cut", "partition", ["c1 -> m1"], 18_000, 35_000);
      const told = [state(30_000, "m1", "master"), state(36_000, "m1", "replica")];
      const { valid, why } = judge(...replaced, ...answers(3_000, 40_000), ...cut, ...told);
      assert.equal(valid, true);
      assert.match(
        why ?? "",
        /m1 was replaced by r1 .* c1 -> m1 was cut or held up by cut.*; m1 called itself master until 30/,
      );
    });

    it("is a finding where some other way was cut", () => {
      const cut = fault("cut", "partition", ["c1 -> r1"], 18_000, 35_000);
      assert.deepEqual(judge(...replaced, ...answers(3_000, 40_000), ...cut).kinds, ["needless c1"]);
    });

    it("is none where the experiment asked for it", () => {
      const asked = fault("move", "switch-master", ["r1"], 24_500, 25_500);
      assert.equal(judge(...replaced, ...answers(3_000, 40_000), ...asked).valid, true);
    });
  });

  describe("a master that is gone", () => {
    const gone = [
      cluster(),
      topology(1_200, 3, "m1"),
      condition(12_000, "m1", "down"),
      ...["c1", "r1"].map((n) => view(n, 3)),
    ];

    it("is a finding when it is not replaced although somebody led", () => {
      const { kinds, findings } = judge(...gone, leads(1_100), log(13_000, "controller-probe-failed"));
      assert.deepEqual(kinds, ["missing c1"]);
      assert.match(findings[0]?.summary ?? "", /was not replaced in 46.* the replica r1 was well.* 23\.4 s are more/);
    });

    it("is a finding when it is replaced too late", () => {
      const late = [topology(39_000, 4, "r1"), ...["c1", "r1"].map((node) => view(node, 4))];
      assert.deepEqual(judge(...gone.slice(0, 3), ...late, leads(1_100)).kinds, ["late c1"]);
    });

    it("is none while nobody led, or two in turn for too short", () => {
      assert.equal(judge(...gone).valid, true);
      const turns = [leads(1_100), silent(30_000), leads(33_500, "c2"), follows(36_000)];
      assert.equal(judge(...gone, ...turns, condition(50_000, "m1", "healthy")).valid, true);
    });

    it("counts a lead that only blinked, and not one that was another's meanwhile", () => {
      const blink = [leads(1_100), silent(24_000), leads(26_000), condition(45_000, "m1", "healthy")];
      assert.deepEqual(judge(...gone, ...blink).kinds, ["missing c1"]);
      const lost = [leads(1_100), follows(25_000), leads(26_000), condition(45_000, "m1", "healthy")];
      assert.equal(judge(...gone, ...lost).valid, true);
    });

    it("is none where no replica was well, or could be reached", () => {
      assert.equal(
        judge(...gone, leads(1_100), condition(20_000, "r1", "paused"), condition(35_000, "r1", "healthy")).valid,
        true,
      );
      assert.equal(
        judge(...gone, leads(1_100), ...fault("cut", "partition", ["c1 -> r1"], 14_000, 36_000)).valid,
        true,
      );
    });
  });

  it("finds a topology that is none", () => {
    const shard = (masters: string[], slots: [number, number]) => ({
      masters,
      replicas: [],
      slots: [slots],
      migrating: null,
    });
    const { kinds } = judge(
      ...[cluster(), leads(1_100), ...["c1", "r1"].map((node) => view(node, 5))],
      topology(1_200, 3, "m1", { shards: [shard(["m1", "r1"], [0, 100]), shard([], [100, 200])] }),
      topology(2_000, 2, "m1"),
    );
    assert.deepEqual(kinds, ["two-masters c1", "no-master c1", "slots-twice c1", "version-back c1"]);
  });

  it("finds a server that was never told", () => {
    const { kinds } = judge(
      cluster(),
      leads(1_100),
      topology(1_200, 3, "m1"),
      view("c1", 3),
      view("m1", 3),
      view("r1", 2),
    );
    assert.deepEqual(kinds, ["not-told r1"]);
  });
});
