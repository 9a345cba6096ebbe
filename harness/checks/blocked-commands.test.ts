import assert from "node:assert/strict";
import type { JournalEvent } from "../journal/events.ts";
import { judgeBlockedCommands } from "./blocked-commands.ts";
import { condition, event, fixture, starved } from "./record-fixture.ts";

describe("blocked administration commands", () => {
  let number = 0;
  const command = (from: number, to: number | null, more: { node?: string } = {}): JournalEvent[] => {
    number += 1;
    const common = {
      type: "admin-command",
      node: "r1",
      connection: 0,
      number,
      by: "away",
      command: "SLAVEOF NO ONE",
    } as const;
    const sent: JournalEvent = { ...common, ...more, t: from, step: "sent" };
    return to === null ? [sent] : [sent, { ...common, ...more, t: to, step: "answered", ms: to - from }];
  };
  const judge = (events: JournalEvent[], hangLimit?: number) =>
    judgeBlockedCommands(fixture(events, hangLimit === undefined ? {} : { hangLimit }));

  it("are a hang with its length when they take longer than the limit", () => {
    const [finding, ...others] = judge(command(20_000, 29_200), 5000).findings;
    assert.deepEqual(others, []);
    assert.deepEqual([finding?.type, finding?.class, finding?.node], ["hang", "blocked-command", "r1"]);
    assert.deepEqual([finding?.from, finding?.to], [20_000, 29_200]);
    assert.match(finding?.summary ?? "", /^SLAVEOF NO ONE \(away\) on r1 was blocked for 9\.2s\.$/);
  });

  it("are none within the limit, and none of any length without one that end before recovery is over", () => {
    assert.deepEqual(judge(command(20_000, 22_300), 5000).findings, []);
    assert.deepEqual(judge(command(20_000, 45_000)).findings, []);
  });

  it("are one when they outlive heal and recovery, answered or not", () => {
    assert.equal(judge(command(20_000, 52_000)).findings[0]?.to, 52_000);
    const [never] = judge(command(20_000, null)).findings;
    assert.equal(never?.to, null);
    assert.match(never?.summary ?? "", /had no answer for 38\.0?s|had no answer for 38s/);
  });

  it("make one finding per node, about the longest", () => {
    const events = [...command(15_000, 22_000), ...command(23_000, 32_000), ...command(20_000, 28_000, { node: "m1" })];
    const found = judge(events, 5000).findings;
    assert.deepEqual(
      found.map(({ node, from, detail }) => [node, from, detail?.commands]),
      [
        ["r1", 23_000, 2],
        ["m1", 20_000, 1],
      ],
    );
  });

  it("do not count the time in which a fault of ours held the node", () => {
    const held = [condition(20_500, "r1", "paused"), condition(28_000, "r1", "healthy")];
    assert.deepEqual(judge([...command(20_000, 29_000), ...held], 5000).findings, []);
  });

  it("carry what was captured meanwhile", () => {
    const captured = event("evidence", 24_000, { files: ["evidence/r1/1.txt"], proof: "a cycle" });
    const [finding] = judge([...command(20_000, null), captured]).findings;
    assert.deepEqual([finding?.proof, finding?.evidence], ["a cycle", ["evidence/r1/1.txt"]]);
  });

  it("are not known when the harness was starved meanwhile", () => {
    const judged = judge([...command(20_000, 30_000), ...starved(20_000, 26_000)], 5000);
    assert.deepEqual(judged.findings, []);
    assert.match(judged.unknown[0] ?? "", /starved for 60 %/);
  });
});
