import assert from "node:assert/strict";
import type { JournalEvent } from "../journal/events.ts";
import type { WaitEdge } from "../journal/evidence-data.ts";
import type { Finding } from "../journal/finding.ts";
import { sawWaits } from "../testing/evidence.support.ts";
import { event, fixture } from "../testing/record-fixture.support.ts";
import { masked } from "./masked.ts";
import { signatureOf } from "./signature.ts";

function finding(more: Partial<Finding> = {}): Finding {
  return {
    type: "hang",
    class: "deadlocked",
    node: "r1",
    from: 20_000,
    to: null,
    summary: "",
    proof: null,
    evidence: [],
    detail: undefined,
    ...more,
  };
}

const edge = (from: number, kind: WaitEdge["kind"], to: number): WaitEdge => ({
  ...{ from, kind, address: `0x${from}`, timed: false, call: "futex" },
  to: { kind: "thread", tid: to },
});

/** A deadlock of two threads; ids and addresses are those of some run. */
function deadlock(worker: number, replicator: number, at = 21_000): JournalEvent {
  const graph = sawWaits({
    class: "proven",
    cycles: [[worker, replicator]],
    edges: [edge(worker, "join", replicator), edge(replicator, "rwlock-write", worker)],
  });
  const threads = [
    { tid: worker, nsTid: 1, comm: "worker" },
    { tid: replicator, nsTid: 2, comm: "master-repl" },
  ];
  return event("evidence", at, { node: "r1", data: { ...graph, threads }, proof: "a cycle" });
}

describe("the signature of a finding", () => {
  it("is the same for one deadlock in two runs, whichever thread comes first and whatever it is called there", () => {
    const one = signatureOf(finding(), fixture([deadlock(7, 5)]));
    assert.equal(one, "hang/deadlocked of replica: master-repl rwlock-write > worker join");
    const turned = sawWaits({
      class: "proven",
      cycles: [[91, 90]],
      edges: [edge(91, "rwlock-write", 90), edge(90, "join", 91)],
    });
    const threads = [
      { tid: 91, nsTid: 1, comm: "master-repl" },
      { tid: 90, nsTid: 2, comm: "worker" },
    ];
    const other = event("evidence", 23_000, { node: "r1", data: { ...turned, threads }, proof: "a cycle" });
    assert.equal(signatureOf(finding({ from: 22_000 }), fixture([other])), one);
  });

  it("tells another deadlock, another role and another kind apart", () => {
    const one = signatureOf(finding(), fixture([deadlock(7, 5)]));
    assert.notEqual(signatureOf(finding(), fixture()), one);
    assert.notEqual(signatureOf(finding({ node: "m1" }), fixture([deadlock(7, 5)])), one);
    assert.notEqual(signatureOf(finding({ class: "livelocked" }), fixture([deadlock(7, 5)])), one);
  });

  it("of a crash is its signal and what the server said, without numbers and addresses", () => {
    const crash = (line: string) =>
      signatureOf(
        finding({
          type: "crash",
          class: "exit",
          detail: { exitCode: 139, signal: "SIGSEGV", oom: false, lines: [line] },
        }),
        fixture(),
      );
    const one = crash("12:M 28 Nov 2026 11:27:34.865 # ==> replication.c:150 'listLength(slaves) == 0' is not true");
    assert.equal(
      one,
      crash("9:S 01 Dec 2026 01:02:03.004 # ==> replication.c:151 'listLength(slaves) == 0' is not true"),
    );
    assert.match(one, /^crash\/exit of replica: SIGSEGV, .*listLength\(slaves\)/);
    assert.match(crash("terminate called after throwing an instance of 'std::length_error'"), /, std::length_error$/);
    const nothing = crash("12:M 28 Nov 2026 11:27:34.865 # Redis 7.0.15 crashed by signal: 11, si_code: 2");
    assert.equal(nothing, "crash/exit of replica: SIGSEGV", "that is said of every crash");
  });

  it("of a crash of which nothing is said is where it was, which another place in memory does not change", () => {
    const crash = (base: string, third: string) => {
      const frames = ["091", "04f", "c17", third, "b3f"];
      const lastLines = frames.map(
        (end, n) =>
          `2026-11-28T15:59:24.59Z #${n}  \u001b[34m0x0000${base}${end}\u001b[0m at \u001b[32m/bin/kvrocks\u001b[0m`,
      );
      const detail = {
        exitCode: 139,
        signal: "SIGSEGV",
        oom: false,
        lines: ["Ooops! got signal: Segmentation fault (11)"],
        lastLines,
      };
      return signatureOf(finding({ type: "crash", class: "exit", detail }), fixture());
    };
    assert.equal(crash("563d563d0", "5c4"), crash("55a0112aa", "5c4"));
    assert.notEqual(crash("563d563d0", "5c4"), crash("563d563d0", "5c5"));
    assert.match(crash("563d563d0", "5c4"), /SIGSEGV, in kvrocks …c17 < kvrocks …5c4 < kvrocks …b3f$/);
  });

  it("of data is how they differ, not where", () => {
    const differing = (kind: "missing-on-replica" | "value", key: string) => {
      const difference = { key, kind, master: "a", replica: null };
      const detail = { master: "m1", different: 1, masterKeys: 2, replicaKeys: 1, differences: [difference] };
      return signatureOf(finding({ type: "divergence", class: "missing-keys", detail }), fixture());
    };
    assert.equal(differing("missing-on-replica", "a"), differing("missing-on-replica", "b"));
    assert.notEqual(differing("missing-on-replica", "a"), differing("value", "a"));
  });
});

describe("a masked line", () => {
  const same = [
    ["Connecting to MASTER 10.0.0.9:7001", "Connecting to MASTER 172.17.0.2:6379"],
    ["Full resync from master: 4ab8c2d9e0f1a2b3:1024", "Full resync from master: 77aa88bb99cc00dd:7"],
    ["open /data/db0/12.sst failed", "open /var/lib/db1/7.sst failed"],
    ["key 'user:1' is gone", "key 'user:22' is gone"],
    ["0x7f12ab took 12.5 ms", "0x55 took 3 ms"],
  ] as const;
  for (const [one, other] of same) it(`"${masked(one)}"`, () => assert.equal(masked(one), masked(other)));

  it("differs where the words differ", () => {
    assert.notEqual(masked("Full resync from master"), masked("Partial resync from master"));
  });
});
