import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import { recordOf } from "../../journal/record.ts";
import { HOSTILE, sampleRun } from "../../testing/samples/run.support.ts";
import { summarize } from "../run-summary.ts";
import { eventLine } from "../terminal/event-line.ts";
import { commandsHtml } from "./commands-html.ts";

type Command = Extract<JournalEvent, { type: "admin-command" }>;

describe("the commands of faults in a report", () => {
  const base = { type: "admin-command", node: "m1", connection: 1, number: 1, command: "BLPOP k 5" } as const;
  const sent = (by: string, more: Partial<Command> = {}): Command => ({
    ...{ ...base, by, t: 12_000, step: "sent", expected: 5000, argv: ["BLPOP", "k", "5"] },
    ...more,
  });
  const html = (events: readonly Command[]): string | null => {
    const summary = summarize(recordOf(sampleRun().events));
    return commandsHtml(recordOf(events), { ...summary, watchEnd: 50_000 })?.text ?? null;
  };

  it("have their words, their lateness and the beginning of their reply", () => {
    const reply = "x".repeat(500);
    const page = html([sent("a"), { ...base, by: "a", t: 20_000, step: "answered", ms: 8000, expected: 5000, reply }]);
    assert.match(page ?? "", /<code>BLPOP k 5<\/code>/);
    assert.match(page ?? "", /answered after 8\.0 s, 3\.0 s later than its own timeout: x{160}… \(500 characters\)</);
  });

  it("are told as unanswered with the client's flags, also where there is no room for all", () => {
    const others = Array.from({ length: 150 }, (_, i) => sent(`o#${i}`, { t: 1000 + i }));
    const answers = others.map(({ by, t }): Command => ({ ...base, by, t: t + 1, step: "answered", ms: 1 }));
    const overdue: Command = { ...base, by: "a", t: 30_000, step: "overdue", flags: "b", clients: 9, waiting: 4 };
    const page = html([...others, ...answers, sent("a", { clients: 9 }), overdue]);
    assert.match(page ?? "", /4 of 9 clients: none in 38\.0 s; its own timeout is 5\.0 s; client flags b</);
    assert.match(page ?? "", /truncated: 100 of 151 commands/);
  });

  it("have a line while the run goes on when they are overdue or their answer came late, and none when it did not", () => {
    const line = (more: Partial<Command>) => eventLine({ ...sent("a"), argv: undefined, ...more } as Command)?.text;
    assert.match(
      line({ step: "answered", ms: 8000 }) ?? "",
      /BLPOP k 5 was answered after 8\.0 s, 3\.0 s after its own/,
    );
    assert.match(
      line({ step: "overdue", ms: 10_000, flags: "b", clients: 9, waiting: 4 }) ?? "",
      /m1: 4 of 9 clients in BLPOP k 5 had no answer after 10\.0 s, 5\.0 s after its own timeout \(client flags b\)$/,
    );
    assert.equal(line({ step: "answered", ms: 5200 }), undefined);
    assert.equal(line({ step: "answered", ms: 60_000, expected: null }), undefined);
  });

  it("are data: nothing that a server says becomes a tag; without any there is no section", () => {
    const page = html([sent("a"), { ...base, by: "a", t: 13_000, step: "refused", ms: 9, detail: HOSTILE }]);
    assert.ok(!/<script|<img/.test(page ?? ""), page ?? "");
    assert.equal(html([]), null);
  });
});
