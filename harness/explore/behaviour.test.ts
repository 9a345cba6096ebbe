import assert from "node:assert/strict";
import { condition, event, fixture, nodeState } from "../testing/record-fixture.support.ts";
import { behaviourOf, meeting } from "./behaviour.ts";

const NO_LOGS = new Map<string, string>();
const state = (t: number, more: Parameters<typeof nodeState>[0]) =>
  ({ type: "node-state", t, node: "r1", state: nodeState({ role: "replica", ...more }) }) as const;

describe("the behaviour of a run", () => {
  it("is the same for lines that differ in times, addresses and numbers only", () => {
    const logs = (line: string) => behaviourOf(fixture(), new Map([["m1", `2026-11-28T11:27:34.1Z ${line}\n`]]));
    assert.deepEqual(
      logs("1:M Synchronization with 10.0.0.2:6379 in 12 ms"),
      logs("7:M Synchronization with 10.9.9.9:1 in 4 ms"),
    );
    assert.deepEqual(logs("Replication id: GYKDRRILXN1DMJI9"), logs("Replication id: 7VRCZG99EIURD02O"));
    assert.notDeepEqual(logs("1:M Synchronization failed"), logs("1:M Synchronization done"));
  });

  it("has changes of states and conditions, errors and how long commands took", () => {
    const answered = {
      node: "m1",
      connection: 1,
      number: 1,
      by: "f1",
      command: "BGSAVE",
      step: "answered",
      ms: 40,
    } as const;
    const shown = behaviourOf(
      fixture([
        state(11_000, { link: "up" }),
        state(12_000, { link: "down" }),
        state(13_000, { link: "down", syncing: true }),
        condition(14_000, "r1", "slow", { was: "healthy" }),
        { type: "admin-command", t: 15_000, ...answered },
        { type: "admin-command", t: 16_000, ...answered, ms: 4_000 },
      ]),
      NO_LOGS,
    );
    for (const one of [
      "state replica up -> replica down",
      "state replica down -> replica down syncing",
      "condition healthy -> slow",
      "command BGSAVE answered < 100 ms",
      "command BGSAVE answered < 5000 ms",
    ])
      assert.ok(shown.has(one), `${one}: ${[...shown].join("; ")}`);
  });

  it("tells what the servers were in when a fault came", () => {
    const during = (more: Parameters<typeof nodeState>[0]) =>
      behaviourOf(fixture([state(11_000, more), event("fault", 12_000, { fault: "kill" })]), NO_LOGS);
    assert.ok(during({}).has(meeting("kill", "calm")));
    assert.ok(during({ link: "down" }).has(meeting("kill", "link-down")));
    assert.ok(during({ link: "down", syncing: true }).has(meeting("kill", "full-sync")));
    assert.ok(during({ loading: true }).has(meeting("kill", "loading")));
  });
});
