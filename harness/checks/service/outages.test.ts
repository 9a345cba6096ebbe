import assert from "node:assert/strict";
import {
  from,
  loadSamples,
  lost,
  OK,
  plannedTool,
  refused,
  served,
  takenAway,
} from "../../testing/load-fixture.support.ts";
import { type ClientView, clientViews } from "./outages.ts";

const view = (...args: Parameters<typeof served>): ClientView => {
  const [one, ...more] = clientViews(served(...args));
  assert.ok(one && more.length === 0);
  return one;
};
const outages = (...args: Parameters<typeof served>) => view(...args).outages.map((one) => [one.from, one.to]);

describe("what clients saw", () => {
  it("is how long nothing was served, neighbours joined, and which errors there were from the end of the warm-up on", () => {
    const gone = (t: number) => (t > 15 && t <= 20 ? refused("READONLY", 30) : t === 30 ? lost(9) : { ok: 100 });
    const { outages: spans, ...one } = view([{ nodes: { m1: gone } }]);
    assert.deepEqual(spans, [
      { from: 15_000, to: 20_000 },
      { from: 29_000, to: 30_000 },
    ]);
    assert.deepEqual([one.outageMs, one.longestMs, one.before], [6000, 5000, 100]);
    assert.deepEqual([one.ok, one.failed, one.unknown], [3800, 150, 9]);
    assert.deepEqual(one.errors, [
      { kind: "READONLY", count: 150, share: 150 / 3959 },
      { kind: "timeout", count: 9, share: 9 / 3959 },
    ]);
    assert.deepEqual(
      one.atEnd.map(({ node, state, ok }) => [node, state, ok]),
      [["m1", "served", 400]],
    );
  });

  it("is no outage where errors are allowed, or between two operations of a seldom load", () => {
    const allow = { allow: ["READONLY"] };
    assert.deepEqual(outages([{ nodes: { m1: from(20, refused("READONLY", 9)) } }], [], allow), []);
    assert.deepEqual(outages([{ nodes: { m1: (t) => (t % 2 ? { ok: 1 } : {}) } }]), []);
    assert.deepEqual(outages([{ nodes: { m1: (t) => (t === 30 ? refused("LOADING", 1) : { ok: 1 }) } }]), [
      [29_000, 30_000],
    ]);
    assert.deepEqual(outages([{ nodes: { m1: (t) => (t > 20 && t <= 25 ? {} : { ok: 1 }) } }]), [[20_000, 25_000]]);
  });

  it("is no outage of redis-benchmark between two tests, but one when it is longer", () => {
    const plan = { load: [], benchmarks: [plannedTool("pressure")] };
    const quiet = (seconds: number) => (t: number) => (t > 20 && t <= 20 + seconds ? {} : { ok: 9000 });
    assert.deepEqual(outages([{ load: "pressure", nodes: { m1: quiet(2) } }], [], plan), []);
    assert.deepEqual(outages([{ load: "pressure", nodes: { m1: quiet(4) } }], [], plan), [[20_000, 24_000]]);
  });

  it("says nothing of outages where no warm-up tells what to expect, nor of the end where nothing was seen", () => {
    const one = view([{ nodes: { m1: () => refused("ERR", 3) }, from: 11, to: 40 }]);
    assert.deepEqual([one.before, one.outages, one.atEnd], [null, [], []]);
  });

  it("is no outage at the end of a load, in a part of a second, nor is anybody judged who was taken away", () => {
    const [last] = loadSamples({ nodes: { m1: () => ({}) }, from: 55, to: 55 });
    assert.ok(last?.type === "load");
    assert.deepEqual(outages([{ nodes: { m1: OK() } }], [{ ...last, t: 54_400, seconds: 0.4, info: 3 }]), []);
    const one = view([{ nodes: { m1: from(20, refused("connect-refused", 3)) } }], [takenAway("m1")]);
    assert.deepEqual([one.atEnd, one.longestMs], [[], 34_000]);
  });

  it("takes a server's words for errors, whatever they are", () => {
    const odd = {
      ok: 1,
      fail: 2,
      errors: Object.fromEntries([
        ["constructor", 1],
        ["toString", 1],
      ]),
    };
    const one = view([{ nodes: { m1: from(10, odd) } }]);
    assert.deepEqual(
      one.errors.map(({ kind, count }) => [kind, count]),
      [
        ["constructor", 44],
        ["toString", 44],
      ],
    );
    assert.deepEqual(one.atEnd[0]?.errors, { constructor: 4, toString: 4 });
    assert.equal(view([{ nodes: { m1: OK() } }]).errors.length, 0);
  });
});
