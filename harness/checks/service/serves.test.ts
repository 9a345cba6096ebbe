import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import {
  from,
  type LoadOptions,
  lost,
  OK,
  planned,
  plannedTool,
  refused,
  type Second,
  served,
  takenAway,
  twoMasters,
} from "../../testing/load-fixture.support.ts";
import { event, starved } from "../../testing/record-fixture.support.ts";
import { recoversWithin } from "./recovers-within.ts";
import { serves } from "./serves.ts";

/** "refused on m1", … */
const found = (record: RunRecord): string[] =>
  serves.check(record).findings.map((one) => `${one.class} on ${one.node ?? "all"}`);
const green = (record: RunRecord): void => {
  const { valid, why, findings } = serves.check(record);
  assert.deepEqual([valid, findings.map(({ summary }) => summary)], [true, []], why ?? "");
};
const unknown = (record: RunRecord, why: RegExp): void => {
  const result = serves.check(record);
  assert.deepEqual([result.valid, result.findings.map(({ summary }) => summary)], ["unknown", []]);
  assert.match(result.why ?? "", why);
};
const moved = (t: number, masters: string[], replicaOf: Record<string, string>): JournalEvent => ({
  type: "topology",
  t,
  masters,
  replicaOf,
  reason: "switch",
});

describe("serves finds", () => {
  it("a master that refuses every write to the end, with its replies and since when", () => {
    const record = served([{ nodes: { m1: from(20, refused("NOREPLICAS", 50)) } }]);
    assert.deepEqual(found(record), ["refused on m1"]);
    const [one] = serves.check(record).findings;
    assert.equal(one?.from, 20_000);
    assert.match(one?.summary ?? "", /100 % of 200 operations refused \(NOREPLICAS\).*100 per second.*for 34s/);
    assert.equal(one?.proof, "Replies to set on m1 after recovery: NOREPLICAS 200, OK 0.");
  });

  it("one of two masters that refuses, and not the other", () => {
    const nodes = { m1: OK(), m2: from(20, refused("MISCONF", 50)) };
    const record = served([{ nodes }], [twoMasters()]);
    assert.deepEqual(found(record), ["refused on m2"]);
    assert.equal(serves.check(record).findings[0]?.from, 20_000);
  });

  it("a master of which no operation ends any more, although the other's do", () => {
    assert.deepEqual(found(served([{ nodes: { m1: OK(), m2: from(20, {}) } }], [twoMasters()])), ["silent on m2"]);
    assert.deepEqual(found(served([{ nodes: { m1: OK(), m2: from(20, lost(4)) } }], [twoMasters()])), ["silent on m2"]);
  });

  it("writes that are refused while reads are served", () => {
    assert.deepEqual(found(served([{ nodes: { m1: from(20, refused("OOM", 50, 50)) } }])), ["partly-refused on m1"]);
  });

  it("a slot that nobody owns up to: MOVED by a master", () => {
    assert.deepEqual(found(served([{ nodes: { m1: from(20, refused("MOVED", 50)) } }])), ["refused on m1"]);
  });

  it("a load of one operation a second that is refused to the end", () => {
    const nodes = { m1: from(20, refused("READONLY", 1), { ok: 1 }) };
    assert.deepEqual(found(served([{ nodes }])), ["refused on m1"]);
  });

  it("an open loop in which nobody is connected", () => {
    const nothing = { nodes: { m1: from(20, {}) }, rest: from(20, { fail: 100, errors: { "not-sent": 100 } }, {}) };
    assert.deepEqual(found(served([nothing])), ["silent on m1"]);
    // To whomever the load went in the warm-up, it goes to somebody new, who does not let it in.
    const replaced = moved(30_000, ["r1"], { m1: "r1" });
    assert.deepEqual(found(served([nothing], [replaced])), ["silent on all"]);
    assert.match(
      serves.check(served([nothing], [replaced])).findings[0]?.summary ?? "",
      /none of 400 operations could/,
    );
  });

  it("a new master that refuses, against what the old one served", () => {
    const nodes = { m1: from(20, {}), r1: from(20, refused("READONLY", 50), {}) };
    assert.deepEqual(found(served([{ nodes }], [moved(21_000, ["r1"], { m1: "r1" })])), ["refused on r1"]);
  });

  it("a new master that is silent, whatever the old one still owes", () => {
    const nodes = { m1: from(20, lost(16)) };
    const record = served([{ nodes }], [moved(21_000, ["r1"], { m1: "r1" })]);
    assert.deepEqual(found(record), ["silent on all"]);
    assert.match(serves.check(record).findings[0]?.summary ?? "", /of the load set, no operation ended after recovery/);
  });

  it("the part of one shard", () => {
    const shards: LoadOptions[] = [
      { load: "set-shard1", nodes: { m1: OK() } },
      { load: "set-shard2", nodes: { m2: from(20, refused("TRYAGAIN", 30)) } },
    ];
    assert.deepEqual(found(served(shards, [twoMasters()])), ["refused on m2"]);
  });

  it("a load that is all but still", () => {
    assert.deepEqual(found(served([{ nodes: { m1: from(20, { ok: 1 }, { ok: 1000 }) } }])), ["slow on all"]);
  });

  it("also in journals that do not tell nodes apart, and without a warm-up where it was served before", () => {
    const older = { nodes: { m1: from(20, refused("NOREPLICAS", 50)) }, older: true };
    assert.deepEqual(found(served([older])), ["refused on all"]);
    assert.deepEqual(found(served([{ ...older, older: false, from: 11 }])), ["refused on m1"]);
  });

  it("redis-benchmark's refusals", () => {
    const options = { load: [], benchmarks: [plannedTool("pressure")] };
    const nodes = { m1: from(20, refused("NOREPLICAS", 1)) };
    assert.deepEqual(found(served([{ load: "pressure", nodes }], [], options)), ["refused on m1"]);
  });

  it("a refusal beside those that the experiment allows", () => {
    const mixed = { fail: 60, errors: { NOREPLICAS: 50, READONLY: 10 } };
    const record = served([{ nodes: { m1: from(20, mixed) } }], [], { allow: ["NOREPLICAS"] });
    assert.deepEqual(found(record), ["partly-refused on m1"]);
    assert.deepEqual(serves.check(record).findings[0]?.detail?.errors, { READONLY: 10 * 4 });
  });
});

describe("serves accuses nobody", () => {
  it("when all is well, or errors were only on the way", () => {
    green(served([{ nodes: { m1: OK() } }]));
    green(served([{ nodes: { m1: (t) => (t > 15 && t <= 49 ? refused("READONLY", 99) : { ok: 100 }) } }]));
  });

  it("of a few lost connections, timeouts and refusals right after heal", () => {
    const late = (t: number) => (t === 51 ? { ...refused("LOADING", 40, 60), info: 16 } : { ok: 100 });
    green(served([{ nodes: { m1: late } }]));
    green(served([{ nodes: { m1: (t) => (t === 51 ? lost(16, 3, "connection-lost") : { ok: 100 }) } }]));
  });

  it("of what happened in the second that recovery ended in", () => {
    const record = served([{ nodes: { m1: (t) => (t === 50 ? refused("LOADING", 400) : { ok: 100 }) } }]);
    const shifted = record.events.map((one) => (one.type === "load" ? { ...one, t: one.t + 400 } : one));
    const [first, ...rest] = shifted;
    assert.ok(first && rest.length > 0);
    green({ ...record, of: (type) => shifted.filter((one) => one.type === type) as never });
  });

  it("of what an old master, or a node of another shard, still owed its clients", () => {
    const nodes = { m1: from(40, lost(16)), r1: from(40, { ok: 100 }, {}) };
    green(served([{ nodes }], [moved(40_500, ["r1"], { m1: "r1" })]));
    const away = { type: "load-moved", t: 40_500, load: "set-shard1", slot: 1, from: "m1", to: "m2" } as const;
    const shard = { load: "set-shard1", nodes: { m1: from(40, refused("MOVED", 3)), m2: from(40, { ok: 100 }, {}) } };
    green(served([shard], [twoMasters(), away]));
    // One slot of several: the others stay, and both nodes must serve it.
    const one = { ...away, slots: 8 };
    const both = (m1: Second, m2: Second) => ({
      load: "set-shard1",
      nodes: { m1: from(40, m1), m2: from(40, m2, {}) },
    });
    green(served([both({ ok: 90 }, { ok: 10 })], [twoMasters(), one]));
    for (const [m1, m2, where] of [
      [{ ok: 90 }, refused("CLUSTERDOWN", 10), "m2"],
      [refused("CLUSTERDOWN", 90), { ok: 10 }, "m1"],
    ] as const)
      assert.deepEqual(found(served([both(m1, m2)], [twoMasters(), one])), [`refused on ${where}`]);
  });

  it("that is a replica and says so", () => {
    const nodes = { m1: from(30, refused("READONLY", 50)), r1: from(30, { ok: 100 }, {}) };
    const both = { load: [planned("set", ["m1", "r1"])] };
    green(served([{ nodes }], [moved(30_000, ["r1"], { m1: "r1" })], both));
    assert.deepEqual(found(served([{ nodes }], [], both)), ["refused on m1"]);
  });

  it("of errors that the experiment allows", () => {
    const allow = { allow: ["NOREPLICAS"] };
    green(served([{ nodes: { m1: from(20, refused("NOREPLICAS", 50)) } }], [], allow));
    green(served([{ nodes: { m1: from(20, refused("NOREPLICAS", 50)) }, older: true }], [], allow));
  });

  it("that the experiment took away for good, nor for refusing without it", () => {
    const two = { m1: OK(), m2: from(20, refused("connect-refused", 4)) };
    green(served([{ nodes: two }], [twoMasters(), takenAway("m2")]));
    const nobody = { load: "set-shard2", nodes: { m2: from(20, {}) }, rest: from(20, refused("not-sent", 50), {}) };
    const shards = [{ load: "set-shard1", nodes: { m1: OK() } }, nobody];
    const result = serves.check(served(shards, [twoMasters(), takenAway("m2")]));
    assert.deepEqual([result.valid, result.findings], [true, []]);
    assert.match(result.why ?? "", /load set-shard2 was not judged.*m2 was left out/);
    green(served([{ nodes: { m1: from(20, refused("NOREPLICAS", 50)) } }], [takenAway("r1")]));
    green(served([{ nodes: two }], [twoMasters(), takenAway("m2")]));
    green(served([{ nodes: { m1: from(20, refused("CLUSTERDOWN", 50)) } }], [twoMasters(), takenAway("m2")]));
    // Another shard's replica is no excuse.
    const other = moved(2_000, ["m1", "m2"], { r1: "m2" });
    assert.deepEqual(
      found(served([{ nodes: { m1: from(20, refused("NOREPLICAS", 50)) } }], [other, takenAway("r1")])),
      ["refused on m1"],
    );
  });

  it("of a load that was refused in the warm-up already, but says so", () => {
    const replicas = { load: [planned("set", "replicas")] };
    const record = served([{ nodes: { r1: () => refused("READONLY", 80) }, older: true }], [], replicas);
    green(record);
    assert.match(serves.check(record).why ?? "", /not judged: no operation served, as in the warm-up \(READONLY\)/);
    green(served([{ nodes: { r1: () => refused("READONLY", 40, 40) }, older: true }], [], replicas));
    const mixed = { load: [planned("set", ["m1", "r1"])] };
    const nodes = { m1: OK(), r1: () => refused("ERR", 80) };
    green(served([{ nodes }], [], mixed));
    assert.deepEqual(found(served([{ nodes: { ...nodes, m1: from(20, refused("ERR", 80)) } }], [], mixed)), [
      "refused on m1",
    ]);
  });

  it("of a seldom load's single error, or a single operation", () => {
    green(served([{ nodes: { m1: (t) => (t === 53 ? refused("LOADING", 1) : { ok: 1 }) } }]));
    green(served([{ nodes: { m1: (t) => (t % 4 === 0 ? { ok: 1 } : {}) } }]));
    unknown(served([{ nodes: { m1: (t) => (t === 52 ? refused("ERR", 1) : t < 50 ? { ok: 1 } : {}) } }]), /too few/);
  });

  it("of what a slower machine does", () => {
    green(served([{ nodes: { m1: from(20, { ok: 30 }, { ok: 1000 }) } }]));
    green(served([{ nodes: { m1: from(20, { ok: 1 }, { ok: 100 }) } }]));
    // The open loop could not send all that was due.
    green(served([{ nodes: { m1: OK(50) }, rest: from(20, refused("not-sent", 50), {}) }]));
  });

  it("when the harness was starved", () => {
    const record = served([{ nodes: { m1: from(20, { ok: 1 }, { ok: 1000 }) } }], starved(50_000, 53_000));
    unknown(record, /1 operations per second, 1000 in the warm-up.*But the harness was starved/);
    unknown(served([{ nodes: { m1: from(20, {}) } }], starved(51_000, 54_000)), /harness was starved/);
  });

  it("of what passes before the load ends", () => {
    green(served([{ nodes: { m1: (t) => (t > 50 && t < 53 ? refused("LOADING", 90, 1) : { ok: 100 }) } }]));
  });
});

describe("serves does not know", () => {
  it("how a load is served of which nothing is heard, or before recovery was over", () => {
    unknown(served([{ nodes: { m1: OK() }, to: 45 }]), /nothing is known of the load set after recovery/);
    unknown(served([{ nodes: { m1: OK() } }], [], {}, ["recovery", "phase"]), /did not get through a recovery/);
    unknown(served([{ nodes: { m1: from(49, {}, { ok: 1 }) } }]), /nothing is known of the load set/);
  });

  it("whether a load without a warm-up ever was served", () => {
    unknown(served([{ nodes: { m1: () => refused("ERR", 50) }, from: 11 }]), /there was no warm-up/);
    const partly = { nodes: { m1: () => refused("WRONGTYPE", 50, 50) }, from: 11 };
    unknown(served([partly]), /no warm-up says whether that is usual/);
  });

  it("what becomes of operations that may take longer than it looked", () => {
    const patient = { load: [planned("set", "masters", 5_000)] };
    unknown(served([{ nodes: { m1: from(48, lost(16)) } }], [], patient), /watched for 4.0 s, .* given up after 5s/);
  });

  it("why redis-benchmark is silent", () => {
    const options = { load: [], benchmarks: [plannedTool("pressure")] };
    const quiet = { load: "pressure", nodes: { m1: from(49, {}, { ok: 5000 }) } };
    unknown(served([quiet], [], options), /no operation ended.*may be stuck itself/);
    unknown(
      served([{ ...quiet, nodes: { m1: from(40, refused("exit-137", 1), { ok: 5000 }) } }], [], options),
      /stuck itself/,
    );
    const slow = { load: "pressure", nodes: { m1: from(49, { ok: 90 }, { ok: 5000 }) } };
    green(served([slow], [], options));
  });
});

describe("serves, where no load goes", () => {
  const write = (t: number, replies: Record<string, number>): JournalEvent => ({
    ...{ type: "probe", t, node: "m1", kind: "write", seconds: 1, sent: 1, answered: 1, lost: 0, latency: null },
    ...{ oldest: 0, silent: [], replies },
  });
  const probes = (refusal: string, until = 54): JournalEvent[] => {
    const all: JournalEvent[] = [];
    for (let t = 3; t <= 54; t++) all.push(write(t * 1000, t > 20 && t <= until ? { [refusal]: 1 } : {}));
    return all;
  };

  it("goes by the watchdog's own writes: refused every time, and taken in the warm-up", () => {
    assert.deepEqual(found(served([], probes("NOREPLICAS"))), ["refused on m1"]);
    green(served([], probes("NOREPLICAS", 53)));
    green(served([], probes("MOVED")));
    green(served([], probes("NOREPLICAS"), { allow: ["NOREPLICAS"] }));
    green(served([], [...probes("NOREPLICAS"), takenAway("r1")]));
    green(served([], [...probes("READONLY"), takenAway("m1")]));
    const always = probes("NOREPLICAS").filter(({ t }) => t > 20_000);
    green(served([], [...always, write(5_000, { NOREPLICAS: 1 })]));
  });

  it("and where a load only reads", () => {
    assert.deepEqual(found(served([{ nodes: { m1: OK() } }], probes("MISCONF"))), ["refused on m1"]);
  });

  it("but tells one master's refusals once", () => {
    const record = served([{ nodes: { m1: from(20, refused("NOREPLICAS", 9)) } }], probes("NOREPLICAS"));
    assert.deepEqual(found(record), ["refused on m1"]);
  });
});

describe("a recovery that clients had to wait for", () => {
  const waiting = [{ node: "m1", what: "refused", load: "set" }];
  const late = event("recovery", 50_000, { recovered: false, ms: 19_000, waiting });
  const judged = (record: RunRecord) => recoversWithin.check(record);
  const run = (m1: (t: number) => object, more: JournalEvent[] = [], checks = ["recovers-within"]) =>
    served([{ nodes: { m1 } }], [late, ...more], { checks }, ["recovery"]);

  it("is what serves finds where the experiment does not ask for it, and no second finding where it does", () => {
    const refusing = from(20, refused("NOREPLICAS", 9));
    const alone = judged(run(refusing));
    assert.deepEqual(
      alone.findings.map((one) => `${one.type}/${one.class}`),
      ["unavailable/refused"],
    );
    const beside = judged(run(refusing, [], ["recovers-within", "serves"]));
    assert.deepEqual([beside.valid, beside.findings], [false, []]);
    assert.match(beside.why ?? "", /as other findings explain: m1: unavailable\/refused/);
  });

  it("is late when they are served in the end", () => {
    const { findings } = judged(run((t) => (t > 20 && t <= 50 ? refused("NOREPLICAS", 9) : { ok: 100 })));
    assert.deepEqual(
      findings.map((one) => `${one.type}/${one.class}`),
      ["slow-recovery/not-served"],
    );
    assert.match(findings[0]?.summary ?? "", /clients of set on m1: 100 % of .* refused \(NOREPLICAS\)/);
  });

  it("says nothing of clients that were not given their time: a server was dead for good", () => {
    const early = event("recovery", 50_000, { recovered: false, ms: 5_000, waiting });
    const m1 = (t: number) => (t > 20 && t <= 50 ? refused("NOREPLICAS", 9) : { ok: 100 });
    const { valid, findings } = judged(served([{ nodes: { m1 } }], [early], {}, ["recovery"]));
    assert.deepEqual([valid, findings], ["unknown", []]);
  });

  it("accuses nobody when nothing was seen that says so", () => {
    const { valid, findings, why } = judged(run(OK()));
    assert.deepEqual([valid, findings], ["unknown", []]);
    assert.match(why ?? "", /nothing that was seen says why/);
  });
});
