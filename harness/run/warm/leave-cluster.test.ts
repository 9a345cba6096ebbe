import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import { fixture } from "../../testing/record-fixture.support.ts";
import { mayBeCleaned } from "./leave-cluster.ts";

const fault = (step: "healed" | "heal-failed"): JournalEvent => ({
  ...{ type: "fault", t: 41_000, id: "cut", fault: "partition", step, targets: [] },
});

describe("a cluster that another run may get", () => {
  const may = (more: readonly JournalEvent[], verdict: "pass" | "fail" | "inconclusive" = "pass"): boolean =>
    mayBeCleaned(fixture(more), [{ findings: [] }], verdict);

  it("is that of a run in which nothing was found and every fault was healed", () => {
    assert.deepEqual([may([fault("healed")]), may([fault("healed")], "inconclusive")], [true, true]);
    assert.deepEqual([may([], "fail"), may([fault("heal-failed")])], [false, false]);
    assert.equal(mayBeCleaned(fixture(), [{ findings: [{}] }], "inconclusive"), false);
  });

  it("is none in which a role could not be looked at, or a command left what is neither key nor setting", () => {
    assert.equal(may([{ type: "note", t: 41_000, about: "r1", text: "silent", kind: "not-healed" }]), false);
    const command = (text: string): JournalEvent => ({
      ...{ type: "admin-command", t: 20_000, node: "m1", by: "f1", command: text, step: "answered", ms: 2 },
      ...{ connection: 0, number: 1 },
    });
    assert.deepEqual([may([command("FUNCTION LOAD x")]), may([command("INFO")])], [false, true]);
  });
});
