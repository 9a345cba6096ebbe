import assert from "node:assert/strict";
import type { JournalEvent } from "../../../journal/events.ts";
import { counted, NOTHING } from "../../../journal/history.ts";
import {
  final,
  flush,
  lateWrite,
  type RecordedRun,
  recorded,
  write,
} from "../../../testing/history-fixture.support.ts";
import { state } from "../../../testing/record-fixture.support.ts";
import { noLostWrites } from "../no-lost-writes.ts";
import { counts } from "./counts.ts";

const SHAPE = { type: "counter", prefix: "c:", keys: 10, elements: 3 } as const;
const amount = (by: number): number => counted(by) as number;
const add = (by: number, from: number, more = {}) => write(amount(by), from, from + 0.5, more);
const late = (by: number, from: number) => lateWrite(amount(by), from);
const both = (held: number, more = {}) => ["m1", "r1"].map((node) => final(node, amount(held), more));
const check = (run: RecordedRun) => counts.check(recorded({ ...run, load: { shape: SHAPE, ...run.load } }));
const told = (run: RecordedRun) => check(run).findings.map((one) => `${one.class} of ${one.node}`);

const topology = (t: number, master: string, replica: string): JournalEvent => ({
  ...{ type: "topology", t, masters: [master], replicaOf: { [replica]: master }, reason: "switch" },
});
const SWITCH: JournalEvent[] = [
  topology(20_000, "r1", "m1"),
  state(21_000, "r1", "master"),
  state(54_500, "r1", "master"),
  state(54_500, "m1", "replica"),
];

describe("counts", () => {
  it("is green when every counter is the sum of what was acknowledged", () => {
    const refused = { ...add(50, 16), outcome: "fail" } as const;
    const operations = [add(3, 12), add(-10, 13), add(1, 14), refused, add(4, 12, { cell: 1 })];
    const run = { operations, final: [...both(-6), ...both(4, { cell: 1 })] };
    assert.deepEqual(check(run), { valid: true, why: null, findings: [] });
  });

  it("finds a counter that is too low or too high, on the node that has it", () => {
    const operations = [add(3, 12), add(4, 13)];
    assert.deepEqual(told({ operations, final: [final("m1", amount(7)), final("r1", amount(3))] }), ["too-low of r1"]);
    assert.deepEqual(told({ operations, final: both(8) }), ["too-high of m1", "too-high of r1"]);
    assert.deepEqual(told({ operations, final: [final("m1", amount(7)), final("r1", NOTHING)] }), ["too-low of r1"]);
    const [finding] = check({ operations, final: both(8) }).findings;
    assert.equal(finding?.type, "wrong-count");
    assert.equal(finding?.summary, "1 counter is too high on m1 in the end.");
    assert.equal(finding?.proof, "c:0: 8 was found on m1 in the end; 2 acknowledged additions make 7.");
    assert.deepEqual(finding?.detail?.cells?.[0], { key: "c:0", element: null, found: "8", expected: "7" });
    assert.ok(finding?.detail?.life?.some(({ value }) => value === "+3"));
  });

  it("tells a field of a hash by its name, and what is no number by its text", () => {
    const run = { operations: [add(3, 12, { cell: 5 })], load: { foreign: ["apples"] } };
    const [finding] = check({ ...run, final: [final("m1", -1, { cell: 5 })] }).findings;
    assert.deepEqual(
      [finding?.class, finding?.detail?.key, finding?.detail?.element],
      ["no-number", "c:1:fields", "field:2"],
    );
    assert.match(finding?.proof ?? "", /^c:1:fields field:2: no number was found/);
  });

  it("gives or takes what was not answered", () => {
    const operations = [add(3, 12), late(5, 13), late(-2, 14)];
    for (const held of [1, 3, 6, 8]) assert.deepEqual(told({ operations, final: both(held) }), []);
    assert.deepEqual(told({ operations, final: both(0) }), ["too-low of m1", "too-low of r1"]);
    assert.deepEqual(told({ operations, final: both(9) }), ["too-high of m1", "too-high of r1"]);
  });

  it("lets get lost what a replaced master had acknowledged, unless the experiment forbids it", () => {
    const operations = [add(3, 12), add(4, 30, { node: "r1" })];
    const run = { operations, events: SWITCH, without: ["node-state"] } as const;
    for (const held of [4, 7]) assert.deepEqual(told({ ...run, final: both(held) }), []);
    assert.deepEqual(told({ ...run, final: both(3) }).length, 2);
    assert.match(check({ ...run, final: both(4) }).why ?? "", /1 of 2 acknowledged additions were allowed to get lost/);
    assert.deepEqual(told({ ...run, losses: "none", final: both(4) }).length, 2);
  });

  it("does not know after a flush, nor without a final read", () => {
    const operations = [add(3, 12)];
    const flushed = check({ operations, events: [flush(14, 15)], final: both(0) });
    assert.deepEqual([flushed.valid, flushed.findings], ["unknown", []]);
    assert.equal(check({ operations }).valid, "unknown");
    assert.equal(
      check({ operations, load: { shape: { ...SHAPE, type: "hash" } } }).why,
      "no load of its kind has record: true",
    );
  });

  it("is the only one that judges counters", () => {
    const record = recorded({ operations: [add(3, 12)], final: both(3), load: { shape: SHAPE } });
    assert.equal(noLostWrites.check(record).why, "no load has record: true");
  });
});
