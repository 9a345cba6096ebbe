import assert from "node:assert/strict";
import type { JournalEvent } from "../journal/events.ts";
import { from, type LoadOptions, loadSamples, lost, OK, planned, refused } from "../testing/load-fixture.support.ts";
import { type Planned, planOf } from "../testing/plan-fixture.support.ts";
import { condition, fixture } from "../testing/record-fixture.support.ts";
import { SeenService } from "./seen-service.ts";

/** A board that has seen a run whose warm-up ended at 10 s, with these loads, up to a moment (run s). */
function board(loads: readonly LoadOptions[], more: readonly JournalEvent[] = [], plan: Planned = {}, until = 60) {
  const experiment = { load: [planned("set")], ...plan };
  const one = new SeenService(planOf(experiment).experiment);
  const record = fixture([...loads.flatMap(loadSamples), ...more], { experiment });
  for (const event of record.events) if (event.t <= until * 1000) one.see(event);
  return one;
}

const { signal } = new AbortController();
const waiting = (one: SeenService, excused: string[] = []) =>
  one.pending(41_000, excused).map(({ node, what }) => `${node}: ${what}`);

describe("what clients see while the run goes on", () => {
  it("is fine while every node serves, and when nobody asks for anything", () => {
    assert.deepEqual(waiting(board([])), []);
    assert.deepEqual(waiting(board([{ nodes: { m1: OK() } }])), []);
  });

  it("is the latest two seconds: what was before them has passed", () => {
    const late = (t: number) => (t > 20 && t <= 50 ? refused("LOADING", 99) : { ok: 100 });
    assert.deepEqual(waiting(board([{ nodes: { m1: late } }], [], {}, 49)), [
      "m1: clients of set: 100 % of 198 operations refused (LOADING)",
    ]);
    assert.equal(waiting(board([{ nodes: { m1: late } }], [], {}, 51)).length, 1);
    assert.deepEqual(waiting(board([{ nodes: { m1: late } }], [], {}, 52)), []);
  });

  it("believes only seconds that lie after the heal", () => {
    const healed = (t: number) => (t > 20 && t <= 41 ? refused("LOADING", 99) : { ok: 100 });
    assert.deepEqual(waiting(board([{ nodes: { m1: healed } }], [], {}, 41.5)), [
      "set: no word of the load set since heal",
    ]);
    assert.deepEqual(waiting(board([{ nodes: { m1: healed } }], [], {}, 42)), []);
    // That second began before.
    assert.match(board([{ nodes: { m1: OK() } }], [], {}, 42).pending(41_500, [])[0]?.what ?? "", /no word/);
  });

  it("takes what the experiment allows, or took away, for service", () => {
    const refusing = { nodes: { m1: from(20, refused("NOREPLICAS", 9)) } };
    assert.equal(waiting(board([refusing])).length, 1);
    assert.deepEqual(waiting(board([refusing], [], { allow: ["NOREPLICAS"] })), []);
    assert.deepEqual(waiting(board([{ nodes: { m1: from(20, lost(3)) } }]), ["m1"]), []);
  });

  it("follows the topology: what an old master still owed is not waited for", () => {
    const nodes = { m1: from(30, lost(3)), r1: from(30, { ok: 100 }, {}) };
    const now = { masters: ["r1"], replicaOf: { m1: "r1" }, reason: "x" };
    const moved: JournalEvent = { type: "topology", t: 30_500, ...now };
    assert.deepEqual(waiting(board([{ nodes }], [moved])), []);
    assert.deepEqual(waiting(board([{ nodes }])), [
      "m1: clients of set: 100 % of 6 operations without answer (timeout)",
    ]);
  });

  describe("after recovery", () => {
    /** Does it wait at this moment (run ms)? */
    const observing = async (one: SeenService, now: number): Promise<boolean> => {
      let over = false;
      const stop = new AbortController();
      const done = one
        .observed(50_000, () => now, AbortSignal.any([signal, stop.signal]))
        .then(
          () => (over = true),
          () => {},
        );
      // Without a load, or with one that is served, the first look is enough.
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 150))]);
      stop.abort(new Error("enough"));
      await done;
      return !over;
    };

    it("is looked at for two seconds, without a load, too", async () => {
      for (const one of [board([]), board([{ nodes: { m1: OK() } }])]) {
        assert.equal(await observing(one, 51_500), true);
        assert.equal(await observing(one, 52_000), false);
      }
    });

    it("is looked at for longer while nothing ended, or something is not served", async () => {
      const seldom: LoadOptions = { nodes: { m1: (t) => (t === 53 || t < 11 ? { ok: 1 } : {}) } };
      assert.equal(await observing(board([seldom], [], {}, 52), 52_500), true);
      assert.equal(await observing(board([seldom], [], {}, 53), 53_500), false);
      const refusing = { nodes: { m1: from(20, refused("NOREPLICAS", 9)) } };
      assert.equal(await observing(board([refusing]), 54_000), true);
      assert.equal(
        await observing(board([{ nodes: { m1: from(20, {}) } }], [condition(20_000, "m1", "down")]), 54_000),
        false,
      );
    });

    it("ends with the run", async () => {
      const stop = new AbortController();
      const wait = board([]).observed(50_000, () => 50_000, stop.signal);
      stop.abort(new Error("interrupted"));
      await assert.rejects(wait, /interrupted/);
    });
  });
});
