import assert from "node:assert/strict";
import {
  final,
  finals,
  flush,
  lateWrite,
  type RecordedRun,
  read,
  recorded,
  write,
} from "../../../testing/history-fixture.support.ts";
import { noLostWrites } from "../no-lost-writes.ts";
import { allOrNothing } from "./all-or-nothing.ts";

const SHAPE = { type: "group", prefix: "tx:", keys: 10, elements: 1, parts: 3 } as const;
const FOREIGN = ["v1 in 0; v2 in 1, 2"];
const of = (run: RecordedRun) => recorded({ ...run, load: { shape: SHAPE, foreign: FOREIGN, ...run.load } });
const check = (run: RecordedRun) => allOrNothing.check(of(run));
const told = (run: RecordedRun) => check(run).findings.map((one) => `${one.type}/${one.class} of ${one.node}`);
const refused = (value: number, from: number) => ({ ...write(value, from, from + 1), outcome: "fail" }) as const;
/** Some of its commands were refused. */
const inPart = (value: number, from: number) => ({ ...write(value, from, from + 1), outcome: "info" }) as const;

describe("all-or-nothing", () => {
  it("is green when every group holds one write's value, or none", () => {
    const operations = [write(1, 12, 13), read(1, 14, 15), lateWrite(2, 16), write(3, 12, 13, { cell: 4 })];
    const run = { operations, final: [final("m1", 1), final("r1", 2), ...finals(0, { cell: 4 })] };
    assert.deepEqual(check(run), { valid: true, why: null, findings: [] });
    assert.equal(
      check({ operations, events: [flush(20, 21)], final: [...finals(0), ...finals(0, { cell: 4 })] }).valid,
      true,
    );
  });

  it("finds keys with different values, in the end and in what a client read", () => {
    const operations = [write(1, 12, 13), write(2, 14, 15)];
    const run = { operations, final: [final("m1", 2), final("r1", -1)] };
    assert.deepEqual(told(run), ["torn-write/torn of r1"]);
    const [finding] = check(run).findings;
    assert.equal(
      finding?.summary,
      "1 group of keys that are only written together were found with different values on r1 in the end.",
    );
    assert.match(finding?.proof ?? "", /^tx:0:\*: v1 in 0; v2 in 1, 2 of 3 keys was found on r1/);
    const reads = [...operations, read(-1, 14, 15)];
    assert.deepEqual(told({ operations: reads, final: finals(2) }), ["torn-write/torn-read of m1"]);
  });

  it("finds the value of a write that was refused", () => {
    const operations = [write(1, 12, 13), refused(2, 14)];
    assert.deepEqual(told({ operations, final: [final("m1", 1), final("r1", 2)] }), ["torn-write/refused of r1"]);
    const [finding] = check({ operations, final: finals(2) }).findings;
    assert.match(finding?.proof ?? "", /v2 \(written to m1, 14.000 s – refused\) was refused, and its value was found/);
  });

  it("does not judge groups in which a command of a transaction was refused: nobody rolls back", () => {
    const run = { operations: [write(1, 12, 13), inPart(2, 14)], final: [final("m1", -1), final("r1", -1)] };
    assert.deepEqual(told(run), []);
    assert.match(check(run).why ?? "", /1 writes of set were answered with an error among their replies/);
  });

  it("does not know without a write that was acknowledged", () => {
    assert.equal(check({ operations: [lateWrite(1, 12)], final: finals(1) }).valid, "unknown");
    assert.equal(check({ operations: [], load: { shape: { ...SHAPE, type: "string" } } }).valid, "unknown");
  });

  it("takes what is torn over from no-lost-writes, which tells of lost ones as ever", () => {
    const run = { operations: [write(1, 12, 13), write(2, 14, 15)], final: [final("m1", 1), final("r1", -1)] };
    const classes = (record: ReturnType<typeof of>) => noLostWrites.check(record).findings.map((one) => one.class);
    assert.deepEqual(classes(of(run)), ["stale", "never-written"]);
    assert.deepEqual(classes(of({ ...run, checks: ["no-lost-writes", "all-or-nothing"] })), ["stale"]);
  });
});
