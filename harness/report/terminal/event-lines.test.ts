import assert from "node:assert/strict";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { EventLines } from "./event-lines.ts";

describe("lines of a run while it goes on", () => {
  const fault = (id: string, t: number, step: EventOf<"fault">["step"], detail?: string): JournalEvent => ({
    ...{ t, type: "fault", id, fault: "command", step, targets: ["m1"] },
    ...(detail === undefined ? {} : { detail }),
  });
  const over = (id: number, t: number) => fault(`command-${id}`, t, "healed");
  const note = (t: number): JournalEvent => ({ t, type: "note", about: "m1", text: "x" });
  const sample = (t: number): JournalEvent => ({ t, type: "topology", masters: [], replicaOf: {}, reason: "x" });

  function shown(events: readonly JournalEvent[]): string[] {
    const lines = new EventLines();
    return events.flatMap((event) => lines.add(event)).map(({ text }) => text.trim());
  }

  it("have one for many faults with the same fate at the same time", () => {
    const many = Array.from({ length: 40 }, (_, i) => [
      fault(`command-${i}`, 10_000 + i, "inject-failed", "it was stopped"),
      over(i, 10_000 + i),
    ]).flat();
    const names = "(command-0, command-1, command-2, command-3, command-4 and 35 more)";
    assert.deepEqual(shown([...many, note(10_100)]), [
      `10.0 s  40 faults could not be injected: it was stopped ${names}`,
      `10.0 s  40 faults are over ${names}`,
      "10.1 s  note on m1: x",
    ]);
  });

  it("have one each for a few, and for those that are apart", () => {
    assert.deepEqual(shown([over(1, 0), over(2, 0), sample(100), sample(600)]), [
      "0.0 s  fault command-1 is over",
      "0.0 s  fault command-2 is over",
    ]);
    const apart = Array.from({ length: 40 }, (_, i) => over(i, i * 1_000));
    assert.equal(shown([...apart, note(50_000)]).length, 41);
  });

  it("tell of a command by its reply, and of one without a reply", () => {
    const command = (id: string) => fault(id, 2_000, "injected");
    const replied: JournalEvent = {
      ...{ t: 1_900, type: "admin-command", node: "m1", connection: 1, number: 1, by: "command-1", command: "COMPACT" },
      ...{ step: "answered", ms: 3, expected: 0, reply: "OK" },
    };
    assert.deepEqual(shown([replied, command("command-1"), command("command-2"), command("storm#3")]), [
      "1.9 s  m1: COMPACT: OK",
      "2.0 s  fault command-2 on m1",
    ]);
  });

  it("tell seldom of full syncs that fail one after the other", () => {
    const sync = (t: number, step: EventOf<"full-sync">["step"]): JournalEvent => ({
      ...{ t, type: "full-sync", node: "r1", step, done: null, total: null },
    });
    const loop = Array.from({ length: 9 }, () => [sync(1_000, "start"), sync(1_000, "failed")]).flat();
    const lines = shown([...loop, sync(2_000, "start"), sync(2_000, "done"), ...loop.slice(0, 2)]);
    const pair = ["1.0 s  r1: full sync begins", "1.0 s  r1: full sync failed"];
    assert.deepEqual(lines, [
      ...[...pair, ...pair, ...pair, ...pair],
      "1.0 s  r1: full sync failed 8 times, one after the other",
      "2.0 s  r1: full sync is done",
      ...pair,
    ]);
  });

  it("tell of a thread's pause, but not of thousands of short ones", () => {
    const pause: EventOf<"thread-pause"> = {
      ...{ t: 9_000, type: "thread-pause", id: "hold", node: "r1", threads: ["master-repl"], from: 6_600 },
      ...{ pauses: 1, ms: 2_400 },
    };
    assert.deepEqual(shown([pause]), ["9.0 s  r1: master-repl paused for 2.4 s (fault hold)"]);
    assert.deepEqual(shown([{ ...pause, threads: [], pauses: 3, ms: 700 }]), [
      "9.0 s  r1: a thread paused for 0.7 s, 3 times in all (fault hold)",
    ]);
    assert.deepEqual(shown([{ ...pause, ms: 10 }]), []);
  });
});
