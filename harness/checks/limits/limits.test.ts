import assert from "node:assert/strict";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import type { Limits } from "../../journal/limits.ts";
import { event, fixture, nodeState, starved } from "../../testing/record-fixture.support.ts";
import { fullSyncs } from "./full-syncs.ts";
import { memory } from "./memory.ts";

const sync = (t: number, step: EventOf<"full-sync">["step"], node = "r1"): JournalEvent => ({
  ...{ type: "full-sync", t, node, step, done: null, total: null },
});
const linked = (t: number, node = "r1"): JournalEvent => ({
  ...{ type: "node-state", t, node, state: nodeState({ role: "replica" }) },
});
const judge = (events: readonly JournalEvent[], limit: Limits["fullSyncs"] = null) =>
  fullSyncs.check(fixture(events, { experiment: { limits: { fullSyncs: limit, memory: null } } }));
/** The first finding's class, from, to, begun and failed. */
const found = (...given: Parameters<typeof judge>) => {
  const { valid, findings } = judge(...given);
  const [one] = findings;
  return one ? [one.class, one.from, one.to, one.detail?.begun, one.detail?.failedSyncs] : valid;
};

describe("full-syncs", () => {
  it("counts those from the beginning of chaos on, against the limit of the experiment", () => {
    const two = [
      sync(12_000, "start"),
      sync(13_000, "done"),
      linked(14_000),
      sync(20_000, "start"),
      sync(21_000, "done"),
    ];
    const setUp = [sync(3_000, "start"), sync(4_000, "done")];
    assert.equal(found([...setUp, ...two], { most: 2, failed: 0 }), true);
    assert.deepEqual(found([...setUp, ...two, linked(22_000)], { most: 1, failed: 0 }), [
      "too-many",
      20_000,
      21_000,
      2,
      0,
    ]);
    assert.equal(found(two), true);
  });

  it("counts those that failed, and those that were begun anew before their end", () => {
    const failed = [
      sync(12_000, "start"),
      sync(13_000, "failed"),
      sync(14_000, "start"),
      sync(15_000, "done"),
      linked(15_500),
    ];
    assert.deepEqual(found(failed, { most: null, failed: 0 }), ["failed", 13_000, 15_000, 2, 1]);
    assert.equal(found(failed, { most: 2, failed: 1 }), true);
    const anew = [sync(12_000, "start"), sync(14_000, "start"), sync(15_000, "done"), linked(15_500)];
    assert.deepEqual(found(anew, { most: null, failed: 0 }), ["failed", 14_000, 15_000, 2, 1]);
  });

  it("does not count as failed what a fault of ours, or a server's end, may have broken off", () => {
    const failed = [sync(12_000, "start"), sync(13_000, "failed"), linked(16_000)];
    const fault = (t: number, name: string, target: string, step: EventOf<"fault">["step"]) =>
      event("fault", t, { id: "f", fault: name, step, targets: [target] });
    const none = { most: null, failed: 0 };
    for (const cause of [
      [fault(11_000, "partition", "r1 -> m1", "inject"), fault(12_500, "partition", "r1 -> m1", "healed")],
      [fault(12_500, "kill", "m1", "inject")],
      [fault(13_300, "pause", "r1", "inject")],
      [event("container", 12_900, { node: "m1", action: "die" })],
      [event("topology", 12_500, { masters: ["m1", "r1"], replicaOf: {} })],
    ]) {
      assert.equal(found([...failed, ...cause], none), true, JSON.stringify(cause));
    }
    for (const other of [
      [fault(12_500, "kill", "r2", "inject")],
      [fault(11_000, "bandwidth", "r1 -> m1", "inject")],
      [fault(11_000, "partition", "r1 -> m1", "inject"), fault(11_500, "partition", "r1 -> m1", "healed")],
      [fault(17_000, "kill", "m1", "inject")],
    ]) {
      assert.deepEqual(found([...failed, ...other], none), ["failed", 13_000, 13_000, 1, 1], JSON.stringify(other));
    }
  });

  const attempts = [12_000, 16_000, 20_000].flatMap((t) => [sync(t, "start"), sync(t + 1_000, "failed")]);

  it("tells full sync after full sync as a loop, with each attempt, also where no limit is set", () => {
    assert.deepEqual(found(attempts), ["loop", 12_000, 54_000, 3, 3]);
    const [finding] = judge(attempts, { most: 1, failed: 0 }).findings;
    assert.match(
      finding?.summary ?? "",
      /^r1 began 3 full syncs one after the other and was linked .* after none but the last\.$/,
    );
    assert.match(finding?.proof ?? "", /12\.0 s to 13\.0 s: failed; 16\.0 s to 17\.0 s: failed; /);
  });

  it("is no loop when it was linked in between, or was told otherwise, or a fault came in between", () => {
    assert.equal(found([...attempts, linked(18_000)]), true);
    const moved = event("topology", 17_000, { masters: ["m1"], replicaOf: { r1: "m2" } });
    const back = event("topology", 17_100, { masters: ["m1"], replicaOf: { r1: "m1" } });
    assert.equal(found([...attempts, moved, back]), true);
    const cut = event("fault", 16_500, { id: "c", fault: "partition", step: "inject", targets: ["r1 -> m1"] });
    assert.equal(found([...attempts, cut]), true);
  });

  it("does not know while the harness was starved, and of a run that had no chaos", () => {
    assert.equal(judge([...attempts, ...starved(12_000, 54_000)]).valid, "unknown");
    assert.equal(fullSyncs.check(fixture([], { without: ["phase"] })).valid, "unknown");
    assert.deepEqual(judge([]), { valid: true, why: null, findings: [] });
  });
});

const MIB = 1024 ** 2;
const resident = (t: number, mebibytes: number | null, node = "m1"): JournalEvent => ({
  ...{ type: "process", t, node, alive: true, pid: 7, threads: 1, cpuMs: 1, switches: 1 },
  rssBytes: mebibytes === null ? null : mebibytes * MIB,
});

describe("memory", () => {
  const grow = (limit: Limits["memory"], ...events: JournalEvent[]) =>
    memory.check(fixture(events, { experiment: { limits: { fullSyncs: null, memory: limit } } }));
  const half = { kind: "share", share: 0.5 } as const;
  const start = [resident(1_000, 10), resident(5_000, 100), resident(8_000, 90), resident(5_000, 50, "r1")];

  it("measures against the most that a server had in the warm-up", () => {
    const { valid, why, findings } = grow(half, ...start, resident(20_000, 149), resident(21_000, 60, "r1"));
    assert.deepEqual([valid, findings], [true, []]);
    assert.equal(why, "m1: 100.0 MiB, later at most 149.0 MiB; r1: 50.0 MiB, later at most 60.0 MiB");
  });

  it("tells when the limit was passed, how far, and until when", () => {
    const up = [resident(20_000, 151), resident(25_000, 300), resident(30_000, 120)];
    const [finding] = grow(half, ...start, ...up).findings;
    assert.deepEqual(
      [finding?.type, finding?.node, finding?.from, finding?.to],
      ["memory-growth", "m1", 20_000, 30_000],
    );
    assert.equal(
      finding?.summary,
      "m1's resident memory grew from 100.0 MiB in the warm-up to 300.0 MiB at 25.0 s (200 % more), and 50 % (to 150.0 MiB) are allowed.",
    );
    assert.equal(grow(half, ...start, ...up, resident(40_000, 200)).findings[0]?.to, null);
    assert.equal(grow({ kind: "bytes", bytes: 250 * MIB }, ...start, ...up).valid, true);
    assert.equal(grow({ kind: "bytes", bytes: 99 * MIB }, ...start, ...up).valid, false);
  });

  it("does not count what teardown does, nor the control server", () => {
    assert.equal(
      grow(half, ...start, resident(20_000, 100), resident(59_000, 500), resident(20_000, 900, "c0")).valid,
      true,
    );
  });

  it("does not know where nobody could read it", () => {
    const { valid, why } = grow(half, resident(5_000, 100), resident(20_000, 100), resident(5_000, null, "r1"));
    assert.equal(valid, "unknown");
    assert.match(why ?? "", /^nobody could read the memory of r1 before chaos/);
    assert.equal(grow(null, ...start).valid, "unknown");
  });
});
