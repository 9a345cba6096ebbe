import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import { recordOf } from "../../journal/record.ts";
import { condition, event, fixture, starved } from "../../testing/record-fixture.support.ts";
import { judgeBlockedCommands } from "./blocked-commands.ts";

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

describe("commands of faults on connections of their own", () => {
  interface Given {
    by?: string;
    more?: Partial<Extract<JournalEvent, { type: "admin-command" }>>;
  }
  const common = (line: string, { by = "pop", more }: Given) =>
    ({ type: "admin-command", node: "r1", connection: 1, number: 1, by, command: line, ...more }) as const;
  const sent = (t: number, line: string, expected: number | null, given: Given = {}): JournalEvent => ({
    ...common(line, given),
    t,
    step: "sent",
    expected,
    argv: line.split(" "),
  });
  const ended = (t: number, line: string, step: "answered" | "refused" | "lost", given: Given = {}): JournalEvent => ({
    ...common(line, given),
    t,
    step,
    ms: 1,
  });
  const judge = (events: JournalEvent[], options: { hangLimit?: number } = {}) => {
    return judgeBlockedCommands(fixture(events, options));
  };

  it("are a hang of their own when they have no answer to the end, with words, length and the client's flags", () => {
    const line = "BZPOPMAX nokey 1";
    const overdue: JournalEvent = { ...common(line, {}), t: 26_000, step: "overdue", ms: 6000, flags: "b" };
    const [finding, ...others] = judge([sent(20_000, line, 1000), overdue]).findings;
    assert.deepEqual(others, []);
    assert.deepEqual([finding?.type, finding?.class, finding?.to], ["hang", "unanswered-command", null]);
    assert.equal(
      finding?.summary,
      "BZPOPMAX nokey 1 (pop) on r1 had no answer for 38s, to the end of the run; its own timeout is 1s. Client flags b: blocked.",
    );
    assert.deepEqual(finding?.detail?.argv, ["BZPOPMAX", "nokey", "1"]);
  });

  it("say how many of many clients have none, and make one finding per node", () => {
    const more = { clients: 100 };
    const events = [
      sent(20_000, "BLPOP k 5", 5000, { by: "waiters", more }),
      { ...common("BLPOP k 5", { by: "waiters", more }), t: 31_000, step: "overdue", flags: "b", waiting: 37 } as const,
      sent(30_000, "PING", 0),
    ];
    const [finding, ...others] = judge(events).findings;
    assert.deepEqual([others, finding?.detail?.commands], [[], 2]);
    assert.match(finding?.summary ?? "", /^37 of 100 clients in BLPOP k 5 \(waiters\) on r1 had no answer for 38s/);
  });

  it("are none when they are answered in time, refused, or their connection ends", () => {
    for (const step of ["answered", "refused", "lost"] as const)
      assert.deepEqual(judge([sent(20_000, "GET a", 0), ended(30_000, "GET a", step)]).findings, [], step);
  });

  it("are none when they never have to be answered, or the run ends before they have to", () => {
    assert.deepEqual(judge([sent(20_000, "BLPOP k 0", null)]).findings, []);
    assert.deepEqual(judge([sent(20_000, "DEBUG SLEEP 600", 600_000)]).findings, []);
    assert.deepEqual(judge([sent(53_500, "GET a", 0)]).findings, []);
    assert.deepEqual(judge([sent(39_900, "BLPOP k 15", 15_000)]).findings, []);
  });

  it("are none of a server that ended meanwhile, whatever their connections say", () => {
    assert.deepEqual(judge([sent(20_000, "GET a", 0), event("container", 21_000, { node: "r1" })]).findings, []);
  });

  it("do not count time in which the node was held: paused, or by a command that is meant to", () => {
    const paused = [condition(20_500, "r1", "paused"), condition(56_000, "r1", "healthy")];
    assert.deepEqual(judge([sent(20_000, "GET a", 0), ...paused]).findings, []);
    const pause = "CLIENT PAUSE 35000 ALL";
    const hold = [sent(19_000, pause, 0, { by: "p" }), ended(19_001, pause, "answered", { by: "p" })];
    assert.deepEqual(judge([...hold, sent(20_000, "GET a", 0)]).findings, []);
    const sleep = sent(19_000, "DEBUG SLEEP 38", 38_000, { by: "s" });
    assert.deepEqual(judge([sleep, sent(20_000, "GET a", 0)], { hangLimit: 6000 }).findings, []);
  });

  it("that are answered too late are blocked: longer than the limit beyond their own timeout, or after recovery", () => {
    const late = (to: number): JournalEvent[] => [sent(20_000, "BLPOP k 5", 5000), ended(to, "BLPOP k 5", "answered")];
    assert.deepEqual(judge(late(35_000)).findings, []);
    assert.deepEqual(judge(late(30_000), { hangLimit: 6000 }).findings, []);
    assert.equal(judge(late(32_000), { hangLimit: 6000 }).findings[0]?.class, "blocked-command");
    const [after] = judge(late(52_000)).findings;
    assert.equal(after?.summary, "BLPOP k 5 (pop) on r1 was blocked for 32s; its own timeout is 5s.");
  });

  it("are not known when the run was cut short before recovery, or the harness was starved", () => {
    const cut = recordOf(fixture([sent(20_000, "GET a", 0)]).events.filter(({ t }) => t <= 40_000));
    const judged = judgeBlockedCommands(cut);
    assert.deepEqual(judged.findings, []);
    assert.match(judged.unknown[0] ?? "", /GET a \(pop\) had no answer from r1 when the run ended/);
    const blind = judge([sent(20_000, "GET a", 0), ...starved(20_000, 40_000)]);
    assert.deepEqual(blind.findings, []);
    assert.match(blind.unknown[0] ?? "", /starved for 53 %/);
  });

  it("of two faults with the same numbers are told apart", () => {
    const events = [
      sent(20_000, "GET a", 0, { by: "one" }),
      sent(20_100, "GET b", 0, { by: "two" }),
      ended(20_200, "GET a", "answered", { by: "one" }),
    ];
    assert.match(judge(events).findings[0]?.summary ?? "", /^GET b \(two\)/);
  });
});
