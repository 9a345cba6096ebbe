import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import { fixture } from "../../testing/record-fixture.support.ts";
import { foreseenEvents, JOIN, JOIN_SIGNATURE, lockGraphEvent } from "../../testing/samples/foreseen.support.ts";
import { runChecks } from "../run-checks.ts";
import { verdictOf } from "../verdict.ts";
import { lockOrder } from "./lock-order.ts";

const GRAPHS = ["m1", "r1"].map((node) => lockGraphEvent(50_000, node));
const LOCKS = { experiment: { locks: true, checks: ["lock-order"] } };
const KNOWN = { experiment: { ...LOCKS.experiment, known: [{ prediction: JOIN_SIGNATURE, why: "never at once" }] } };

describe("check lock-order", () => {
  it("passes where no deadlock is possible, and says what found no room", () => {
    assert.deepEqual(lockOrder.check(fixture(GRAPHS, LOCKS)), { valid: true, why: null, findings: [] });
    const { valid, why } = lockOrder.check(
      fixture([...GRAPHS, lockGraphEvent(51_000, "r1", ["stacks: 7", "ways: 9"])], LOCKS),
    );
    assert.equal(valid, true);
    assert.equal(
      why,
      "what found no room was not seen: r1 (/usr/bin/kvrocks): stacks: 7; r1 (/usr/bin/kvrocks): ways: 9",
    );
  });

  it("finds each deadlock once, wherever and however often it was told", () => {
    const record = fixture(foreseenEvents([JOIN]), LOCKS);
    const { valid, findings } = lockOrder.check(record);
    assert.equal(valid, false);
    const [found, ...others] = findings;
    assert.deepEqual(others, []);
    assert.equal(
      found?.summary,
      "A deadlock that did not happen is possible on m1 and on r1: worker holds rwlock A (exclusive, in kvrocks::Server::WorkExclusivityGuard) and waits for the end of master-repl (in ReplicationThread::Stop); master-repl wants rwlock A (exclusive, in Server::PrepareRestoreDB). The two came as close as 340 ms.",
    );
    const { type, class: kind, node, from, to, evidence, detail } = found;
    assert.deepEqual(
      { type, kind, node, from, to, evidence, detail },
      {
        type: "lock-order",
        kind: "cycle",
        node: "m1",
        from: 12_300,
        to: 14_500,
        evidence: ["evidence/locks/m1-1.json", "evidence/locks/r1-1.json"],
        detail: { signature: JOIN_SIGNATURE, nodes: ["m1", "r1"], gap: 340 },
      },
    );
    assert.equal(verdictOf(record, runChecks(["lock-order"], record)).verdict, "fail");
  });

  it("does not count what the experiment knows", () => {
    const { valid, why, findings } = lockOrder.check(
      fixture(
        foreseenEvents([JOIN]).map((one) => (one.type === "lock-graph" ? { ...one, lost: [] } : one)),
        KNOWN,
      ),
    );
    assert.deepEqual([valid, findings], [true, []]);
    assert.equal(why, `known, so not counted: ${JOIN_SIGNATURE}`);
  });

  it("does not know where no lock graph was read, and says why", () => {
    const whyOf = (events: JournalEvent[], options: Parameters<typeof fixture>[1] = LOCKS) => {
      const { valid, why } = lockOrder.check(fixture(events, options));
      assert.equal(valid, "unknown");
      return why;
    };
    assert.equal(whyOf([], {}), "the servers' locks were not watched");
    const text = "the servers' locks are not seen: its program is linked statically";
    assert.equal(whyOf([{ type: "note", t: 500, about: "locks", text }]), text);
    assert.equal(whyOf([]), "no lock graph of m1, r1 was read");
    assert.equal(whyOf(GRAPHS.slice(1)), "no lock graph of m1 was read");
  });

  it("changes nothing where it is not asked for", () => {
    const record = fixture(foreseenEvents(), { experiment: { locks: true } });
    assert.equal(verdictOf(record, runChecks(["no-crash"], record)).verdict, "pass");
  });
});
