import assert from "node:assert/strict";
import type { JournalEvent } from "../../../journal/events.ts";
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
import { state } from "../../../testing/record-fixture.support.ts";
import { delivers } from "./delivers.ts";

const SHAPE = { type: "queue", prefix: "q:", keys: 10, elements: 1 } as const;
const check = (run: RecordedRun) => delivers.check(recorded({ ...run, load: { shape: SHAPE, ...run.load } }));
const told = (run: RecordedRun) => check(run).findings.map((one) => `${one.class} of ${one.node}`);
const push = (element: number, from: number, more = {}) => write(element, from, from + 0.5, more);
const pop = (element: number, from: number, more = {}) => read(element, from, from + 0.5, more);
const latePop = (from: number) => ({ ...pop(0, from), outcome: "info", completed: null }) as const;
const refused = (element: number, from: number) => ({ ...push(element, from), outcome: "fail" }) as const;

const SWITCH: JournalEvent[] = [
  { type: "topology", t: 20_000, masters: ["r1"], replicaOf: { m1: "r1" }, reason: "switch" },
  state(21_000, "r1", "master"),
  state(54_500, "r1", "master"),
  state(54_500, "m1", "replica"),
];

describe("delivers", () => {
  it("is green when every element was taken once, or is left", () => {
    const operations = [
      push(1, 12),
      push(2, 13),
      push(3, 14),
      pop(1, 15),
      pop(0, 16),
      refused(4, 17),
      lateWrite(5, 18),
    ];
    const run = { operations, final: [...finals(2), ...finals(3)] };
    assert.deepEqual(check(run), { valid: true, why: null, findings: [] });
    assert.deepEqual(told({ operations, final: [...finals(2), ...finals(3), ...finals(5)] }), []);
  });

  it("finds an element that is neither taken nor left, unless an unanswered read may have taken it", () => {
    const operations = [push(1, 12), push(2, 13)];
    const run = { operations, final: [...finals(1), final("m1", 2)] };
    assert.deepEqual(told(run), ["lost of r1"]);
    const [finding] = check(run).findings;
    assert.equal(finding?.type, "wrong-delivery");
    assert.match(
      finding?.proof ?? "",
      /^q:0: 1 acknowledged elements are neither taken nor on r1 in the end, and no read/,
    );
    assert.deepEqual(told({ ...run, operations: [...operations, latePop(14)] }), []);
    const emptied = { operations: [...operations, latePop(14)], final: finals(0) };
    assert.deepEqual(told(emptied), ["lost of m1", "lost of r1"]);
    assert.deepEqual(told({ operations: [lateWrite(1, 12), push(2, 13)], final: finals(2) }), []);
  });

  it("finds an element that was delivered twice, or is there although it was taken", () => {
    const operations = [push(1, 12), pop(1, 13), pop(1, 14)];
    assert.deepEqual(told({ operations, final: finals(0) }), ["twice of m1"]);
    const left = { operations: [push(1, 12), pop(1, 13)], final: [final("m1", 0), final("r1", 1)] };
    assert.deepEqual(told(left), ["twice of r1"]);
    assert.match(
      check(left).findings[0]?.proof ?? "",
      /v1 in one place was found on r1 in the end, and it was taken: v1 \(read/,
    );
    assert.deepEqual(told({ operations: [push(1, 12)], final: [...finals(1), final("r1", 1)] }), ["twice of r1"]);
  });

  it("finds an element that nobody pushed, or whose push was refused", () => {
    const load = { shape: SHAPE, foreign: ["apples"] };
    assert.deepEqual(told({ operations: [push(2, 12), pop(-1, 13)], final: finals(2), load }), ["never-pushed of m1"]);
    assert.deepEqual(told({ operations: [push(2, 12), refused(1, 12), pop(1, 13)], final: finals(2) }), [
      "never-pushed of m1",
    ]);
    const other = [push(1, 12), push(2, 12, { cell: 1 })];
    const swapped = [...finals(1), final("r1", 2), ...finals(2, { cell: 1 })];
    assert.deepEqual(told({ operations: other, final: swapped }), ["never-pushed of r1"]);
  });

  it("lets a replaced master's pushes get lost and its pops be done again, unless the experiment forbids it", () => {
    const events = { events: SWITCH, without: ["node-state"] } as const;
    const operations = [push(1, 12), push(2, 13), pop(2, 14), push(3, 30, { node: "r1" }), pop(2, 31, { node: "r1" })];
    const run = { operations, ...events, final: finals(3) };
    assert.deepEqual(told(run), []);
    assert.match(check(run).why ?? "", /2 of 3 acknowledged pushes were allowed to get lost/);
    assert.deepEqual(told({ ...run, losses: "none" }).sort(), ["lost of m1", "lost of r1", "twice of r1"]);
    assert.deepEqual(told({ ...run, final: finals(0) }), ["lost of m1", "lost of r1"]);
  });

  it("does not know after a flush, nor without a final read", () => {
    assert.equal(check({ operations: [push(1, 12)], events: [flush(14, 15)], final: finals(0) }).valid, "unknown");
    assert.equal(check({ operations: [push(1, 12)] }).valid, "unknown");
  });
});
