import assert from "node:assert/strict";
import type { HangEvidence, WaitEdge } from "../../journal/evidence-data.ts";
import type { PlannedExperiment } from "../../journal/plan.ts";
import { sawWaits } from "../../testing/evidence.support.ts";
import { event, fixture } from "../../testing/record-fixture.support.ts";
import { foretoldHang } from "./foretold.ts";

type Side = NonNullable<PlannedExperiment["confirms"]>["sides"][number];

const edge = (from: number, kind: WaitEdge["kind"], to: number): WaitEdge => ({
  ...{ from, kind, to: { kind: "thread", tid: to }, address: "0x7f", timed: false, call: "futex" },
});
const thread = (tid: number, comm: string) => ({ tid, nsTid: tid, comm });
const group = (tid: number, ...frames: string[]) => ({
  ...{ count: 1, comms: ["?"], tids: [tid], state: "S", waitsFor: "?", asleep: true, frames },
});

/** worker-3 joins the replication thread, which wants to write where that reads. */
const SEEN: HangEvidence = {
  ...sawWaits({ class: "proven", cycles: [[7, 5]], edges: [edge(5, "join", 7), edge(7, "rwlock-write", 5)] }),
  threads: [thread(5, "worker-3"), thread(7, "master-repl")],
};
const STOPS: Side = { thread: "worker-#", waits: "join", place: "ReplicationThread::Stop" };
const LOADS: Side = { thread: "master-repl", waits: "rwlock", place: null };
const SIDES = [STOPS, LOADS];

describe("a deadlock that a run was made to bring about", () => {
  const told = (data: HangEvidence, sides: readonly Side[] = SIDES, node = "r1") => {
    const confirms = { run: "run-1", signature: "0a1b2c3d4e5f", node: "r1", sides: [...sides], pause: "a pause" };
    const named = { groups: [group(5, "pthread_join", "ReplicationThread::Stop"), group(7, "Server::Load")] };
    const events = [event("evidence", 24_000, { node, data }), event("evidence", 25_000, { node, data: named })];
    return foretoldHang(fixture(events, { experiment: { confirms } }), node, 20_000, null)?.signature ?? null;
  };

  it("is known by its threads, by what each of them waits for, and by their functions", () => {
    assert.equal(told(SEEN), "0a1b2c3d4e5f");
    assert.equal(told(SEEN, [...SIDES].reverse()), "0a1b2c3d4e5f");
  });

  it("is none of other threads, on another node, or of more of them", () => {
    assert.equal(told(SEEN, SIDES, "m1"), null);
    assert.equal(told({ ...SEEN, threads: [thread(5, "worker-3"), thread(7, "rocksdb:low")] }), null);
    assert.equal(told(SEEN, [...SIDES, LOADS]), null);
  });

  it("is none of the same threads that wait for something else", () => {
    const graph = SEEN.graph && { ...SEEN.graph, edges: [edge(5, "rwlock-read", 7), edge(7, "rwlock-write", 5)] };
    assert.equal(told({ ...SEEN, graph }), null);
  });

  it("is none in another function", () => {
    assert.equal(told(SEEN, [{ ...STOPS, place: "Server::AddMaster" }, LOADS]), null);
  });

  it("is none where nobody foretold anything", () => {
    assert.equal(
      foretoldHang(fixture([event("evidence", 24_000, { node: "r1", data: SEEN })]), "r1", 20_000, null),
      null,
    );
  });
});
