import assert from "node:assert/strict";
import type { JournalEvent } from "../journal/events.ts";
import { condition, fixture, starved } from "../testing/record-fixture.support.ts";
import { noHang } from "./hang/no-hang.ts";
import { replicationProgress } from "./replication-progress.ts";

describe("replication-progress", () => {
  const stall = (from: number, to?: number) => [
    condition(from + 4000, "r1", "stalled", { since: from, why: "its offset stays at 17" }),
    ...(to === undefined ? [] : [condition(to, "r1", "healthy")]),
  ];

  it("is green on a healthy run", () => {
    assert.deepEqual(replicationProgress.check(fixture()), { valid: true, why: null, findings: [] });
  });

  it("tells of a replica on another image than its master's that was never linked, with what it logged of it", () => {
    const log = (rule: string, line: string): JournalEvent => ({
      t: 900,
      type: "log",
      node: "r1",
      rule,
      line,
      fields: {},
    });
    const who = { node: "r1", image: "redis:7", master: "m1", masterImage: "valkey:8", link: "down" };
    const { valid, findings } = replicationProgress.check(
      fixture([
        log("rdb-version", "Can't handle RDB format version 11"),
        log("loading", "Loading DB in memory"),
        { t: 1000, type: "unattached", ...who },
      ]),
    );
    assert.equal(valid, false);
    assert.deepEqual(
      [findings[0]?.type, findings[0]?.class, findings[0]?.node],
      ["stuck-replication", "never-linked", "r1"],
    );
    assert.match(findings[0]?.summary ?? "", /^r1 on redis:7 did not come to replicate from m1 on valkey:8: /);
    assert.equal(findings[0]?.proof, "Its log: Can't handle RDB format version 11");
  });

  it("finds a replica that stands still past recovery, and says for how long", () => {
    const { valid, findings } = replicationProgress.check(fixture(stall(30_000, 54_500)));
    assert.equal(valid, false);
    const [{ type, class: kind, node, from, to, summary, detail }] = findings as [(typeof findings)[0] & object];
    assert.deepEqual([type, kind, node, from, to], ["stuck-replication", "stalled", "r1", 30_000, 54_500]);
    assert.match(summary, /did not move while its master's did, for 24\.5s/);
    assert.deepEqual([detail?.ms, detail?.why], [24_500, "its offset stays at 17"]);
  });

  it("counts to the end of the watch when it never moved again", () => {
    const [finding] = replicationProgress.check(fixture(stall(30_000))).findings;
    assert.deepEqual([finding?.to, finding?.detail?.ms], [null, 28_000]);
  });

  it("does not find a stall that ends before recovery is over", () => {
    assert.equal(replicationProgress.check(fixture(stall(30_000, 45_000))).valid, true);
  });

  it("is no hang: the node answers", () => {
    assert.equal(noHang.check(fixture(stall(30_000))).valid, true);
  });

  it("does not know when the harness was starved, when the run was cut short, or when nobody watched", () => {
    const dark = replicationProgress.check(fixture([...stall(30_000), ...starved(30_000, 50_000)]));
    assert.equal(dark.valid, "unknown");
    assert.match(dark.why ?? "", /starved for \d+ %/);
    assert.equal(
      replicationProgress.check(fixture(stall(30_000), { without: ["recovery", "phase"] })).valid,
      "unknown",
    );
    assert.equal(replicationProgress.check(fixture([], { without: ["condition"] })).valid, "unknown");
  });
});
