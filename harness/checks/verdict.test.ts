import assert from "node:assert/strict";
import type { Finding, JournalEvent } from "../journal/events.ts";
import { event, fixture, starved } from "../testing/record-fixture.support.ts";
import { type NamedResult, runChecks } from "./run-checks.ts";
import { verdictOf } from "./verdict.ts";

describe("verdict", () => {
  const finding = (type: Finding["type"]): Finding => ({
    type,
    class: "x",
    node: "r1",
    from: 1,
    to: null,
    summary: `a ${type}`,
    proof: null,
    evidence: [],
  });
  const ok: NamedResult = { name: "ok", valid: true, why: null, findings: [] };
  const doubt: NamedResult = { name: "doubt", valid: "unknown", why: "no idea", findings: [] };
  const bad: NamedResult = { name: "bad", valid: false, why: null, findings: [finding("hang")] };
  const explained: NamedResult = { name: "late", valid: false, why: "as other findings explain", findings: [] };
  const diverged: NamedResult = { name: "data", valid: false, why: null, findings: [finding("divergence")] };
  const noEffect = event("fault", 20_000, { step: "effect", effect: { measured: false, summary: "0 bytes" } });
  const fault = (step: "not-fired" | "inject-failed" | "heal-failed" | "healed") => event("fault", 20_000, { step });

  const table: [string, NamedResult[], JournalEvent[], string][] = [
    ["all green", [ok], [fault("healed")], "pass"],
    ["no checks", [], [], "pass"],
    ["a finding", [ok, bad], [], "fail"],
    ["a finding outranks a doubt", [doubt, bad], [noEffect, ...starved(10_000, 40_000)], "fail"],
    ["a violated check without a finding of its own", [explained], [], "fail"],
    ["a doubt", [ok, doubt], [], "inconclusive"],
    ["a fault without measured effect", [ok], [noEffect], "inconclusive"],
    ["a fault that never fired", [ok], [fault("not-fired")], "inconclusive"],
    ["a fault that could not be injected", [ok], [fault("inject-failed")], "inconclusive"],
    ["a fault that could not be healed", [ok], [fault("heal-failed")], "inconclusive"],
    ["divergence while our fault is still there", [diverged], [fault("heal-failed")], "inconclusive"],
    ["a hang while our fault is still there", [bad], [fault("heal-failed")], "fail"],
    ["starved for a quarter", [ok], starved(20_000, 30_000), "inconclusive"],
    ["starved for a tenth", [ok], starved(20_000, 24_000), "pass"],
    [
      "one second of ours that took a quarter of the run",
      [ok],
      [event("self", 30_000, { starved: true, mainDelay: 10_000 })],
      "inconclusive",
    ],
    ["starved before chaos", [ok], starved(0, 10_000), "pass"],
  ];
  for (const [what, results, events, expected] of table) {
    it(`${what} → ${expected}`, () => {
      const { verdict, reasons } = verdictOf(fixture(events), results);
      assert.equal(verdict, expected);
      assert.equal(reasons.length > 0, expected !== "pass");
    });
  }

  const fullSync = (t: number): JournalEvent => ({
    type: "full-sync",
    t,
    node: "r1",
    step: "start",
    done: null,
    total: null,
  });
  for (const [what, forced, events, expected] of [
    ["no full sync in an experiment about them", true, [], "inconclusive"],
    ["only the full sync of the set-up", true, [fullSync(1500)], "inconclusive"],
    ["a full sync under faults", true, [fullSync(20_000)], "pass"],
    ["no full sync where nobody asked for one", false, [], "pass"],
  ] as const) {
    it(`${what} → ${expected}`, () => {
      const record = fixture([...events], { experiment: { fullSync: forced ? "force" : null } });
      assert.equal(verdictOf(record, [ok]).verdict, expected);
    });
  }

  it("says many faults of one kind in one reason", () => {
    const events = Array.from({ length: 40 }, (_, i) =>
      event("fault", 20_000, { id: `storm#${i}`, step: "not-fired" }),
    );
    const { reasons } = verdictOf(fixture(events), [ok]);
    assert.deepEqual(reasons, ["fault storm never fired (40 times: storm#0, storm#1, storm#2, …)"]);
  });

  it("takes a check that throws as unknown, with its message", () => {
    const broken = { name: "broken", summary: "", check: () => assert.fail("oh no") };
    const [result] = runChecks(["broken"], fixture(), new Map([["broken", broken]]));
    assert.equal(result?.valid, "unknown");
    assert.match(result?.why ?? "", /oh no/);
  });

  it("refuses a check it does not know", () => {
    assert.throws(() => runChecks(["no-hangs"], fixture()), /there is no check "no-hangs"/);
  });

  it("runs every registered check green on a healthy run", () => {
    const names = ["no-hang", "no-crash", "one-master", "converges", "replication-progress", "recovers-within"];
    const results = runChecks(names, fixture());
    assert.deepEqual(
      results.map((result) => [result.name, result.valid, result.why]),
      names.map((name) => [name, true, null]),
    );
    assert.equal(verdictOf(fixture(), results).verdict, "pass");
  });
});
