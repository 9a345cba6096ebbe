import assert from "node:assert/strict";
import type { PlannedFault, PlannedParams } from "../journal/plan.ts";
import { ownDisk } from "./start-cluster.ts";

const planned = (fault: string, params: PlannedParams): PlannedFault => ({
  ...{ id: fault, fault, trigger: { kind: "at", at: 0 }, duration: null, params },
});

describe("the disks of a run", () => {
  it("are as large as the fault that wants most, and there are none when no fault wants one", () => {
    const full = planned("disk-full", { node: "r1", leave: 0, disk: 64e6 });
    const slow = planned("slow-disk", { node: "r1", rate: 1e5, disk: 128e6 });
    const pause = planned("pause", { node: "r1" });
    assert.equal(ownDisk({ faults: [pause, full, slow] }), 128e6);
    assert.equal(ownDisk({ faults: [pause] }), null);
    assert.equal(ownDisk({ faults: [] }), null);
  });
});
