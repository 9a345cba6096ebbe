import assert from "node:assert/strict";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { EventLines } from "./event-lines.ts";

describe("lines of a run while it goes on", () => {
  const heal = (step: "begin" | "end", t: number): JournalEvent => ({ t, type: "phase", phase: "heal", step });
  const over = (id: string, t: number): JournalEvent => ({
    ...{ t, type: "fault", id, fault: "command", step: "healed", targets: ["m1"] },
  });
  const many = Array.from({ length: 42 }, (_, i) => over(`command-${42 - i}`, 10_000 + i));

  function shown(events: readonly JournalEvent[]): string[] {
    const lines = new EventLines();
    return events.flatMap((event) => lines.add(event)).map(({ text }) => text.trim());
  }

  it("have one for all of the faults that are over in the heal phase", () => {
    const note: JournalEvent = { t: 10_100, type: "note", about: "m1", text: "x" };
    const names = "command-42, command-41, command-40, command-39, command-38";
    const [begin, ...rest] = shown([
      heal("begin", 9_990),
      ...many.slice(0, 40),
      note,
      ...many.slice(40),
      heal("end", 11_000),
    ]);
    assert.match(begin ?? "", /── heal$/);
    assert.deepEqual(rest, [
      `10.0 s  40 faults are over: ${names} and 35 more`,
      "10.1 s  note on m1: x",
      "10.0 s  fault command-2 is over",
      "10.0 s  fault command-1 is over",
    ]);
  });

  it("have one each before it, at once", () => {
    assert.equal(shown(many).length, 42);
  });

  it("tell of a command by its reply, and of one without a reply", () => {
    const command = (id: string): JournalEvent => ({
      ...{ t: 2_000, type: "fault", id, fault: "command", step: "injected", targets: ["m1"] },
    });
    const replied: JournalEvent = {
      ...{ t: 1_900, type: "admin-command", node: "m1", connection: 1, number: 1, by: "command-1", command: "COMPACT" },
      ...{ step: "answered", ms: 3, expected: 0, reply: "OK" },
    };
    assert.deepEqual(shown([replied, command("command-1"), command("command-2")]), [
      "1.9 s  m1: COMPACT: OK",
      "2.0 s  fault command-2 on m1",
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
