import assert from "node:assert/strict";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import type { Expectation } from "../../journal/expectation.ts";
import { recordOf } from "../../journal/record.ts";
import { planned } from "../../testing/load-fixture.support.ts";
import type { Planned } from "../../testing/plan-fixture.support.ts";
import { condition, event, type Free, fixture, starved, state } from "../../testing/record-fixture.support.ts";
import { expectations } from "./expectations.ts";

const SYNCED: Expectation["what"] = { kind: "full-sync-done" };
const LINKED: Expectation["what"] = { kind: "state", state: "link-up" };
const within = (ms: number): Expectation["when"] => ({ kind: "within", of: "cut", within: ms });
const WHILE: Expectation["when"] = { kind: "while", of: "cut" };

function expectation(what: Expectation["what"], when: Expectation["when"], node: string | null = "r1"): Expectation {
  return { id: "one", node, what, when };
}

/** A fault that is there from 20 s (injected at 21 s) to 30 s. */
function fault(id = "cut", from = 20_000, to = 30_000, more: Free<"fault"> = {}): JournalEvent[] {
  const step = (name: EventOf<"fault">["step"], t: number) =>
    event("fault", t, { id, fault: "bandwidth", step: name, targets: ["r1 -> m1"], ...more });
  return [step("inject", from), step("injected", from + 1000), step("heal", to), step("healed", to + 100)];
}

function sync(t: number, step: EventOf<"full-sync">["step"], done: number | null = null): JournalEvent {
  return { type: "full-sync", t, node: "r1", step, done, total: done === null ? null : 12 };
}

/** r1 as replica, once a second. */
function links(...spans: [from: number, to: number, link: "up" | "down"][]): JournalEvent[] {
  return spans.flatMap(([from, to, link]) =>
    Array.from({ length: Math.ceil((to - from) / 1000) }, (_, i): JournalEvent => {
      const one = state(from + i * 1000, "r1", "replica") as EventOf<"node-state">;
      return { ...one, state: { ...one.state, link } };
    }),
  );
}

function judge(one: Expectation | Expectation[], events: JournalEvent[], experiment: Planned = {}) {
  const record = fixture(events, { experiment: { duration: 30_000, ...experiment, expectations: [one].flat() } });
  const result = expectations.check(record);
  return { ...result, found: result.findings.map((found) => `${found.class} on ${found.node}`) };
}

describe("expectations: a full sync that must be done while a fault is there", () => {
  const one = expectation(SYNCED, WHILE);

  it("are met by one that ends before the heal, and by none that ends after it, with how far it was", () => {
    assert.equal(judge(one, [...fault(), sync(22_000, "start"), sync(29_000, "done")]).valid, true);
    const result = judge(one, [...fault(), sync(22_000, "start"), sync(28_000, "progress", 3), sync(45_000, "done")]);
    assert.deepEqual(result.found, ["full-sync-done on r1"]);
    const [found] = result.findings;
    assert.deepEqual([found?.type, found?.from, found?.to, found?.proof], ["unmet-expectation", 20_000, 30_000, null]);
    assert.equal(
      found?.summary,
      "r1 was expected to end a full sync, and did not, while the fault cut was there (20.0 s to 30.0 s): its full sync was under way (file 3 of 12) at 28.0 s.",
    );
  });

  it("tell how far it was when INFO was last read", () => {
    const poll = (t: number, syncProgress: number | null): JournalEvent => {
      const one = state(t, "r1", "replica") as EventOf<"node-state">;
      return { ...one, state: { ...one.state, syncing: true, syncProgress } };
    };
    const last = (...events: JournalEvent[]) => judge(one, [...fault(), sync(22_000, "start"), ...events]);
    assert.match(last(poll(29_000, 0.257)).findings[0]?.summary ?? "", /its full sync was at 25 % at 29.0 s/);
    assert.match(last(poll(29_000, null)).findings[0]?.summary ?? "", /its full sync was under way at 29.0 s/);
    const counted = last(sync(28_000, "progress", 3), poll(29_000, null));
    assert.match(counted.findings[0]?.summary ?? "", /under way \(file 3 of 12\) at 29.0 s/);
  });

  it("are not met by one that was done before, nor when none begins", () => {
    assert.match(judge(one, [...fault(), sync(19_000, "done")]).findings[0]?.summary ?? "", /was done at 19.0 s/);
    assert.match(judge(one, fault()).findings[0]?.summary ?? "", /no full sync of it began/);
  });

  it("quote what the node's log says in that time", () => {
    const line = (t: number, text: string) => event("log", t, { node: "r1", rule: "sync-failed", line: text });
    const result = judge(one, [...fault(), line(25_000, "rsync request timeout"), line(35_000, "later")]);
    assert.deepEqual(result.findings[0]?.detail?.lines, ["r1 at 25.0 s: rsync request timeout"]);
  });

  it("are not known when the fault never fired, or could not be injected", () => {
    for (const events of [[], fault().slice(0, 1), [event("fault", 40_000, { id: "cut", step: "not-fired" })]]) {
      const { valid, why } = judge(one, events);
      assert.deepEqual([valid, why], ["unknown", "one: the fault cut was never injected"]);
    }
  });

  it("are not known when the harness was starved, or when chaos was ended before its time", () => {
    assert.match(judge(one, [...fault(), ...starved(20_000, 26_000)]).why ?? "", /starved for 60 %/);
    const late = fault("cut", 20_000, 40_000);
    assert.match(judge(one, late, { duration: 60_000 }).why ?? "", /chaos phase was ended before its time/);
    assert.equal(judge(one, [...late, sync(30_000, "done")], { duration: 60_000 }).valid, true);
    assert.equal(judge(one, fault(), { duration: 60_000 }).valid, false);
  });

  it("are not known when it came about within what the harness may be late by", () => {
    const { valid, why } = judge(one, [...fault(), sync(30_150, "done")]);
    assert.equal(valid, "unknown");
    assert.match(why ?? "", /at most 0.2 s too late/);
    assert.equal(judge(one, [...fault(), sync(30_300, "done")]).valid, false);
    assert.equal(judge(one, [...fault(), sync(30_050, "restoring"), sync(30_150, "done")]).valid, false);
    const linked = expectation(LINKED, within(8_000));
    assert.equal(
      judge(linked, [...fault(), ...links([15_000, 29_500, "down"], [29_500, 40_000, "up"])]).valid,
      "unknown",
    );
  });
});

describe("expectations: a state that must come about in time", () => {
  const one = expectation(LINKED, within(8_000));

  it("are met when it comes, or holds all the time", () => {
    assert.equal(judge(one, [...fault(), ...links([15_000, 22_000, "down"], [22_000, 40_000, "up"])]).valid, true);
    assert.equal(judge(one, [...fault(), ...links([15_000, 40_000, "up"])]).valid, true);
    assert.equal(
      judge(one, [...fault(), ...links([15_000, 22_000, "up"], [22_000, 26_000, "down"], [26_000, 40_000, "up"])])
        .valid,
      true,
    );
  });

  it("are not met when it was there at the beginning, was lost, and does not come back", () => {
    const result = judge(one, [...fault(), ...links([15_000, 22_000, "up"], [22_000, 40_000, "down"])]);
    assert.deepEqual(result.found, ["link-up on r1"]);
    assert.match(
      result.findings[0]?.summary ?? "",
      /^r1 was expected to be linked to its master, and was not, within 8.0 s of the fault cut .*: it said replica, link down at 29.0 s\.$/,
    );
  });

  it("are judged for every occurrence of the fault, as one finding", () => {
    const faults = [
      ...fault("cut#1", 12_000, 13_000),
      ...fault("cut#2", 20_000, 21_000),
      ...fault("cut#3", 30_000, 31_000),
    ];
    const seen = links([10_000, 21_000, "up"], [21_000, 41_000, "down"]);
    const result = judge(expectation(LINKED, within(3_000)), [...faults, ...seen]);
    assert.equal(result.findings.length, 1);
    assert.equal(result.findings[0]?.from, 20_000);
    assert.match(result.findings[0]?.summary ?? "", /the fault cut#2 .*2 of 3 cases; this is the first/);
  });

  it("follow the node that has the role at that time", () => {
    const moved: JournalEvent = {
      ...{ type: "topology", t: 24_000, masters: ["r1"], replicaOf: { m1: "r1" }, reason: "moved" },
    };
    const told = (t: number, node: string, role: "master" | "replica") => state(t, node, role);
    const events = [
      ...fault(),
      moved,
      told(20_500, "m1", "replica"),
      told(23_000, "m1", "replica"),
      told(25_000, "r1", "master"),
    ];
    assert.equal(judge(expectation({ kind: "state", state: "master" }, within(8_000), "master"), events).valid, true);
    assert.equal(judge(expectation({ kind: "state", state: "master" }, within(8_000), "m1"), events).valid, false);
  });

  it("see a full sync that begins and ends between two polls", () => {
    const begun = expectation({ kind: "state", state: "full-sync" }, within(8_000));
    const polls = links([15_000, 40_000, "up"]);
    assert.equal(judge(begun, [...fault(), ...polls, sync(22_100, "start"), sync(22_200, "done")]).valid, true);
    assert.deepEqual(judge(begun, [...fault(), ...polls]).found, ["full-sync on r1"]);
  });

  it("are not known when nothing was asked in that time; of a server that did not answer they are not met", () => {
    const far = links([15_000, 19_000, "up"]);
    assert.match(judge(one, [...fault(), ...far]).why ?? "", /nothing was asked/);
    const hung = [condition(20_500, "r1", "deadlocked"), condition(35_000, "r1", "healthy")];
    assert.deepEqual(judge(one, [...fault(), ...far, ...hung]).found, ["link-up on r1"]);
  });
});

describe("expectations of a node that our own faults hold", () => {
  const healthy: Expectation["what"] = { kind: "condition", condition: "healthy" };
  const down = (from: number, to: number) => [condition(from, "r1", "down"), condition(to, "r1", "healthy")];
  const kill = fault("cut", 20_000, 40_000, { fault: "kill", targets: ["r1"] });

  it("count its time when it is the fault that they are bound to, unless that never let go", () => {
    const one = expectation(healthy, within(8_000));
    assert.equal(judge(one, [...kill, ...down(20_000, 26_000)]).valid, true);
    assert.match(
      judge(one, [...kill, ...down(20_000, 32_000)]).why ?? "",
      /a fault of this run held r1 down from 20.0 s/,
    );
    const slow = [condition(20_000, "r1", "down"), condition(23_000, "r1", "slow"), condition(39_000, "r1", "healthy")];
    assert.deepEqual(judge(one, [...kill, ...slow]).found, ["healthy on r1"]);
  });

  it("are not known when it is another fault", () => {
    const { valid, why } = judge(expectation(SYNCED, WHILE), [...fault(), ...down(22_000, 25_000)]);
    assert.equal(valid, "unknown");
    assert.match(why ?? "", /a fault of this run held r1 down from 22.0 s to 25.0 s/);
  });

  it("are met by a node that was healthy all the time", () => {
    assert.equal(judge(expectation(healthy, within(8_000)), fault()).valid, true);
  });
});

describe("expectations of log lines, loads and phases", () => {
  const log = expectation({ kind: "log", pattern: "sync" }, within(8_000));
  const match = (t: number, more: { id?: string; last?: boolean } = {}): JournalEvent => {
    return { type: "expectation-match", t, id: "one", node: "r1", line: "sync!", ...more };
  };

  it("wait for a line in the window", () => {
    assert.equal(judge(log, [...fault(), match(25_000)]).valid, true);
    assert.deepEqual(judge(log, [...fault(), match(19_000), match(25_000, { id: "other" })]).found, ["log on r1"]);
    assert.equal(judge(log, [...fault(), match(19_000, { last: true })]).valid, "unknown");
  });

  it("take a load for served when it does half its rate and few operations fail", () => {
    const one = expectation({ kind: "served", load: "set" }, { kind: "phase", phase: "recovery", within: 5_000 }, null);
    const second = (t: number, ok: number, fail: number): JournalEvent => ({
      ...{ type: "load", t, load: "set", seconds: 1, ok, fail, info: 0, errors: fail > 0 ? { READONLY: fail } : {} },
      ...{ latency: null, connected: 1, connections: 1 },
    });
    const during = (ok: number, fail: number) => [1, 2, 3, 4, 5, 6, 7].map((i) => second(41_000 + i * 1000, ok, fail));
    const load = { load: [{ ...planned("set"), rate: 100 }] };
    assert.equal(judge(one, during(100, 0), load).valid, true);
    assert.equal(judge(one, [...during(0, 100), second(44_500, 60, 2)], load).valid, true);
    assert.deepEqual(judge(one, during(100, 50), load).found, ["served on null"]);
    assert.deepEqual(judge(one, during(30, 0), load).found, ["served on null"]);
    assert.match(
      judge(one, during(0, 100), load).findings[0]?.summary ?? "",
      /served, and was not, .*: 100 % of 100 operations refused \(READONLY\) at 46.0 s/,
    );
  });

  it("are not known when the run did not get to the phase, or ended before the time was over", () => {
    const one = expectation(SYNCED, { kind: "phase", phase: "recovery", within: 19_000 });
    assert.match(judge(one, []).why ?? "", /the run was over before/);
    const cut = expectations.check(fixture([], { without: ["phase"], experiment: { expectations: [one] } }));
    assert.match(cut.why ?? "", /did not get to its recovery phase/);
  });

  it("are not known where there are none, or none that can be read", () => {
    assert.equal(judge([], []).valid, "unknown");
    const older = fixture([]).events.map((one) => (one.type === "run" ? { ...one, plan: { expectations: 1 } } : one));
    assert.match(expectations.check(recordOf(older)).why ?? "", /no readable expectations/);
  });
});
