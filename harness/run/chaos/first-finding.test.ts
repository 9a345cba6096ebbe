import assert from "node:assert/strict";
import { until } from "../../base/deadline.ts";
import type { NodeCondition } from "../../journal/events.ts";
import { FirstFinding } from "./first-finding.ts";

describe("stopping on the first finding", () => {
  let stopped: number;
  let first: FirstFinding;
  const say = (condition: NodeCondition, node = "r1") => first.condition({ node, condition, since: 0, why: "" });

  beforeEach(() => {
    stopped = 0;
    first = new FirstFinding(20, () => {
      stopped += 1;
    });
  });
  afterEach(() => first.close());

  it("stops at once when a server is gone, or a hang is proved", () => {
    say("dead");
    first.proved();
    assert.equal(stopped, 2);
  });

  it("stops when a hang goes on for too long, whatever it is called meanwhile", async () => {
    say("partial");
    say("unresponsive");
    say("deadlocked");
    assert.equal(stopped, 0);
    await until({ what: "the stop", within: 60_000, every: 2 }, () => stopped === 1);
  });

  it("does not stop for a server that comes back, is slow, stalled or restoring", async () => {
    say("deadlocked");
    for (const condition of ["healthy", "slow", "stalled", "restoring", "paused", "starved"] as const) say(condition);
    await new Promise((resolve) => setTimeout(resolve, 40));
    assert.equal(stopped, 0);
  });

  it("does not stop any more when it is closed", async () => {
    say("deadlocked");
    first.close();
    await new Promise((resolve) => setTimeout(resolve, 40));
    assert.equal(stopped, 0);
  });
});
