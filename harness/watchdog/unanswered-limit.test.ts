import assert from "node:assert/strict";
import type { ProbeKind } from "./observation.ts";
import { UnansweredLimit } from "./unanswered-limit.ts";

const PINGS: ProbeKind[] = ["established", "established", "established"];

describe("the limit of questions without answer", () => {
  it("leaves room for so many, and one of each kind besides; INFO and CONFIG do not count", () => {
    const limit = new UnansweredLimit(3);
    assert.equal(limit.mayAsk("established", PINGS.slice(1), 0), true);
    assert.equal(limit.mayAsk("established", [...PINGS.slice(1), "admin", "config"], 0), true);
    assert.deepEqual([limit.mayAsk("established", PINGS, 0), limit.holds(PINGS)], [false, true]);
    assert.equal(limit.mayAsk("read", PINGS, 0), true);
    assert.equal(limit.mayAsk("read", [...PINGS, "read"], 0), false);
    assert.equal(limit.mayAsk("admin", [...PINGS, "admin"], 0), true);
  });

  it("is none where each thread has connections of its own", () => {
    const limit = new UnansweredLimit(null);
    assert.deepEqual([limit.mayAsk("established", PINGS, 0), limit.holds(PINGS)], [true, false]);
  });

  it("does not forget a stuck question when the server closes its connection: one more a minute, until one is answered", () => {
    const limit = new UnansweredLimit(3);
    for (const kind of PINGS) limit.lost(kind, 60_000, 100_000);
    assert.equal(limit.holds([]), true);
    assert.equal(limit.mayAsk("read", [], 100_000), true);
    limit.asked("read", 100_000);
    assert.equal(limit.mayAsk("established", ["read"], 100_001), false);
    limit.lost("read", 50_000, 150_000);
    assert.equal(limit.mayAsk("read", [], 159_000), false);
    assert.equal(limit.mayAsk("read", [], 160_000), true);
    limit.answered("read");
    assert.deepEqual([limit.holds([]), limit.mayAsk("established", [], 160_001)], [false, true]);
  });

  it("takes a connection that is lost in mid-question for no stuck one: the server may have crashed", () => {
    const limit = new UnansweredLimit(3);
    for (const waited of [null, 20]) limit.lost("established", waited, 1000);
    assert.equal(limit.holds([]), false);
    limit.lost("established", 5000, 1000);
    limit.reset();
    assert.equal(limit.holds([]), false);
  });
});
