import assert from "node:assert/strict";
import { nodeState } from "../testing/record-fixture.support.ts";
import { matchesState } from "./matcher.ts";

const replica = nodeState({ role: "replica", masterHost: "m1", masterPort: 6379, lastIoSeconds: 0 });
const on = (
  state: "master" | "replica" | "link-up" | "link-down" | "full-sync" | "loading",
  progress: number | null = null,
) => ({ kind: "state", node: "r1", state, progress }) as const;

describe("matchesState", () => {
  it("tells the roles apart", () => {
    assert.equal(matchesState(on("replica"), replica), true);
    assert.equal(matchesState(on("master"), replica), false);
    assert.equal(matchesState(on("master"), { ...replica, role: "master", link: "none" }), true);
    assert.equal(matchesState(on("replica"), { ...replica, role: "unknown" }), false);
  });

  it("takes link states from replicas only", () => {
    assert.equal(matchesState(on("link-up"), replica), true);
    assert.equal(matchesState(on("link-down"), replica), false);
    assert.equal(matchesState(on("link-down"), { ...replica, link: "down" }), true);
    assert.equal(matchesState(on("link-down"), { ...replica, role: "master", link: "none" }), false);
  });

  it("waits until the full sync has come far enough", () => {
    const at = (syncProgress: number | null) => ({ ...replica, syncing: true, syncProgress });
    assert.equal(matchesState(on("full-sync"), replica), false);
    assert.equal(matchesState(on("full-sync"), at(null)), true);
    assert.equal(matchesState(on("full-sync", 0.5), at(0.4)), false);
    assert.equal(matchesState(on("full-sync", 0.5), at(0.5)), true);
    assert.equal(matchesState(on("full-sync", 0.5), at(null)), false);
    assert.equal(matchesState(on("full-sync", 0.5), { ...at(0.9), syncing: false }), false);
  });

  it("sees a node that loads its dataset", () => {
    assert.equal(matchesState(on("loading"), replica), false);
    assert.equal(matchesState(on("loading"), { ...replica, loading: true }), true);
  });
});
