import assert from "node:assert/strict";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import type { OwnLimit } from "../../journal/limits.ts";
import { event, fixture, nodeState, starved } from "../../testing/record-fixture.support.ts";
import { LimitCourse } from "./limit-course.ts";
import { limits } from "./limits.ts";

const limit = (more: Partial<OwnLimit> = {}): OwnLimit => ({
  text: "p99 < 50ms",
  measure: { of: "load", what: "p99" },
  is: "<",
  than: { kind: "value", value: 50 },
  load: null,
  node: null,
  phases: ["chaos", "heal", "recovery"],
  for: 3000,
  abort: false,
  ...more,
});
const second = (t: number, p99: number | null, more: Partial<EventOf<"load">> = {}): JournalEvent => ({
  ...{ type: "load", t, load: "set", seconds: 1, ok: 100, fail: 0, info: 0, errors: {}, connected: 1, connections: 1 },
  latency: p99 === null ? null : { count: 100, p50: 1, p99, max: p99 },
  ...more,
});
const seconds = (from: number, to: number, p99: number | null, more: Partial<EventOf<"load">> = {}): JournalEvent[] =>
  Array.from({ length: (to - from) / 1000 }, (_, i) => second(from + (i + 1) * 1000, p99, more));
const judge = (own: OwnLimit, events: readonly JournalEvent[], allow: string[] = []) =>
  limits.check(fixture(events, { experiment: { limits: { fullSyncs: null, memory: null, own: [own] }, allow } }));
/** The findings' from, to and worst. */
const found = (...given: Parameters<typeof judge>) => {
  const { valid, findings } = judge(...given);
  return findings.length === 0 ? valid : findings.map(({ from, to, detail }) => [from, to, detail?.worst]);
};

describe("limits of the user's own", () => {
  it("are broken when they do not hold for so long on end, second by second", () => {
    assert.equal(found(limit(), seconds(10_000, 40_000, 49)), true);
    const ill = [...seconds(10_000, 20_000, 5), ...seconds(20_000, 24_000, 80), ...seconds(24_000, 40_000, 5)];
    assert.deepEqual(found(limit(), ill), [[20_000, 24_000, 80]]);
    assert.equal(found(limit({ for: 5000 }), ill), true);
    const short = [...seconds(20_000, 22_000, 80), ...seconds(22_000, 23_000, 5), ...seconds(23_000, 25_000, 80)];
    assert.equal(found(limit(), short), true);
    assert.deepEqual(found(limit({ for: 0 }), short), [
      [20_000, 22_000, 80],
      [23_000, 25_000, 80],
    ]);
  });

  it("tell the curve, the bound and the proof", () => {
    const [one] = judge(limit(), [...seconds(10_000, 20_000, 5), ...seconds(20_000, 24_000, 1500)]).findings;
    assert.deepEqual([one?.type, one?.class, one?.node, one?.detail?.load], ["limit", "p99", null, "set"]);
    assert.equal(one?.summary, "p99 < 50ms of set did not hold: it was 1.5 s.");
    assert.match(one?.proof ?? "", /^Measured from 20\.0 s to 24\.0 s: at worst 1\.5 s, and it had to be < 50 ms\.$/);
    assert.equal(one?.detail?.curve?.length, 14);
    assert.deepEqual([one?.detail?.bound, one?.detail?.unit, one?.detail?.curve?.at(-1)], [50, "ms", [24_000, 1500]]);
  });

  it("count in their phases only, and in phases that follow each other without a break", () => {
    const around = [...seconds(2_000, 10_000, 900), ...seconds(50_000, 54_000, 900)];
    assert.equal(found(limit(), [...around, ...seconds(10_000, 50_000, 1)]), true);
    const over = seconds(38_000, 43_000, 80);
    assert.deepEqual(found(limit(), over), [[38_000, 43_000, 80]]);
    assert.equal(found(limit({ phases: ["chaos"] }), over), true);
    assert.deepEqual(found(limit({ phases: ["recovery"], for: 2000 }), over), [[41_000, 43_000, 80]]);
  });

  it("of a load: operations against the warm-up, errors without the allowed ones, one node of it, another load", () => {
    const ops = limit({ measure: { of: "load", what: "ops" }, is: ">", than: { kind: "warm-up", factor: 0.8 } });
    const before = seconds(2_000, 10_000, 1);
    assert.equal(found(ops, [...before, ...seconds(10_000, 20_000, 1, { ok: 81 })]), true);
    assert.deepEqual(found(ops, [...before, ...seconds(10_000, 20_000, 1, { ok: 80 })]), [[10_000, 20_000, 80]]);
    assert.equal(found(ops, seconds(10_000, 20_000, 1)), "unknown");
    const errors = limit({ measure: { of: "load", what: "errors" }, than: { kind: "value", value: 0.01 } });
    const failing = seconds(10_000, 20_000, 1, { ok: 98, fail: 2, errors: { NOREPLICAS: 2 } });
    assert.deepEqual(found(errors, failing), [[10_000, 20_000, 0.02]]);
    assert.equal(found(errors, failing, ["NOREPLICAS"]), true);
    const nodes = { m1: { ok: 50, fail: 0, info: 0, errors: {} }, r1: { ok: 48, fail: 2, info: 0, errors: { X: 2 } } };
    const split = seconds(10_000, 20_000, 1, { ok: 98, fail: 2, errors: { X: 2 }, nodes });
    assert.equal(found({ ...errors, node: "m1" }, split), true);
    assert.deepEqual(found({ ...errors, node: "r1" }, split), [[10_000, 20_000, 0.04]]);
    assert.equal(found({ ...errors, load: "get" }, split), "unknown");
    assert.deepEqual(found({ ...errors, load: "set" }, seconds(10_000, 20_000, 1, { load: "set-shard2", fail: 100 })), [
      [10_000, 20_000, 0.5],
    ]);
  });

  it("of a node: our probes, where a question that is open counts with its age", () => {
    const probe = (t: number, p99: number | null, oldest = 0, node = "m1"): JournalEvent => ({
      ...{ type: "probe", t, node, kind: "admin", seconds: 1, sent: 1, answered: 1, lost: 0, silent: [], replies: {} },
      ...{ oldest, latency: p99 === null ? null : { count: 1, p50: p99, p99, max: p99 } },
    });
    const admin = limit({ measure: { of: "probe", kind: "admin", what: "p99" }, text: "admin p99 < 50ms" });
    const open = [11, 12, 13, 14].map((s) => probe(s * 1000, null, (s - 10) * 1000));
    assert.deepEqual(found(admin, [probe(10_500, 3), ...open, probe(15_000, 3)]), [[10_000, 14_000, 4000]]);
    assert.equal(found(admin, [probe(12_000, 3), probe(13_000, 3)]), true);
    assert.equal(found({ ...admin, node: "r1" }, [...open, probe(13_000, 1, 0, "r1")]), true);
    assert.equal(judge(admin, open).findings[0]?.class, "admin-p99");
    // Nobody limits the control server.
    assert.equal(
      found(admin, [probe(12_000, 3), ...open.map((one) => ({ ...one, node: "c0" }) as JournalEvent)]),
      true,
    );
  });

  it("replication lag is a lower bound, of a replica that was linked with the master that it has", () => {
    const said = (t: number, node: string, offset: number, link: "up" | "down" | "none"): JournalEvent => ({
      ...{
        type: "node-state",
        t,
        node,
        state: nodeState({ role: link === "none" ? "master" : "replica", offset, link }),
      },
    });
    const lag = limit({
      ...{ measure: { of: "node", what: "replication-lag" }, than: { kind: "value", value: 1000 }, for: 3000 },
      text: "replication-lag < 1KB",
    });
    const course = (link: "up" | "down", first: "up" | "down") => [
      ...[said(12_000, "m1", 500, "none"), said(12_500, "r1", 500, first)],
      ...[13, 14, 15, 16, 17].flatMap((s) => [
        said(s * 1000, "m1", s * 1000, "none"),
        said(s * 1000 + 500, "r1", 500, link),
      ]),
    ];
    assert.deepEqual(found(lag, course("up", "up")), [[13_500, 17_500, 16_500]]);
    assert.deepEqual(found(lag, course("down", "up")), [[13_500, 17_500, 16_500]]);
    assert.equal(found(lag, course("down", "down")), "unknown");
    // The master was asked after the replica: it may have moved since.
    assert.equal(
      found(lag, [said(12_000, "m1", 1, "none"), said(13_000, "r1", 1, "up"), said(13_001, "m1", 9e9, "none")]),
      true,
    );
    const moved = event("topology", 12_800, { masters: ["m2"], replicaOf: { r1: "m2" } });
    assert.equal(found(lag, [moved, ...course("down", "up")]), true);
  });

  it("memory against the most in the warm-up, and full syncs by number, at once", () => {
    const rss = (t: number, bytes: number): JournalEvent => ({
      ...{ type: "process", t, node: "m1", alive: true, pid: 7, threads: 1, cpuMs: 1, switches: 1, rssBytes: bytes },
    });
    const growth = limit({
      measure: { of: "node", what: "memory-growth" },
      than: { kind: "value", value: 0.2 },
      for: 0,
    });
    assert.equal(found(growth, [rss(5_000, 90), rss(6_000, 100), rss(20_000, 119)]), true);
    assert.deepEqual(found(growth, [rss(6_000, 100), rss(20_000, 150), rss(30_000, 100)]), [[20_000, 20_000, 0.5]]);
    assert.equal(found(growth, [rss(20_000, 150)]), "unknown");
    const bytes = limit({ measure: { of: "node", what: "memory-growth" }, than: { kind: "bytes", value: 60 }, for: 0 });
    assert.equal(found(bytes, [rss(6_000, 100), rss(20_000, 150)]), true);
    const begun = (t: number): JournalEvent => ({
      type: "full-sync",
      t,
      node: "r1",
      step: "start",
      done: null,
      total: null,
    });
    const syncs = limit({
      measure: { of: "node", what: "full-syncs" },
      is: "<=",
      than: { kind: "value", value: 1 },
      for: 0,
    });
    assert.equal(found(syncs, [begun(5_000), begun(20_000)]), true);
    assert.deepEqual(found(syncs, [begun(20_000), begun(30_000)]), [[30_000, 30_000, 2]]);
    assert.equal(found(syncs, []), true);
  });

  it("are unknown while the harness was starved, without a measurement, and of a run that did not get there", () => {
    assert.equal(found(limit(), [...seconds(20_000, 24_000, 80), ...starved(20_000, 24_000)]), "unknown");
    assert.equal(found(limit(), []), "unknown");
    assert.equal(limits.check(fixture([], { without: ["phase"] })).valid, "unknown");
  });

  it("are told on the way once, when they are broken, and with the starved share of that time", () => {
    const course = new LimitCourse(limit());
    const told = fixture([...seconds(20_000, 30_000, 80), ...starved(22_000, 24_000)]).events.flatMap((one) => {
      const broken = course.see(one);
      return broken ? [[one.t, broken.from]] : [];
    });
    assert.deepEqual(told, [[23_000, 20_000]]);
    assert.equal(course.starvedShare({ from: 20_000, to: 24_000 }), 0.5);
  });
});
