import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import type { JournalEvent } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { HOSTILE, sampleRun } from "../../testing/samples/run.support.ts";
import { ndjsonReporter } from "../ci/ndjson.ts";
import { liveReporters } from "../registry.ts";
import { terminalReporter } from "./terminal.ts";

describe("terminal reporter", () => {
  async function show(
    record: RunRecord,
    stream: { isTTY?: boolean; columns?: number },
    environment: NodeJS.ProcessEnv = {},
  ) {
    const written: string[] = [];
    const reporter = terminalReporter({ ...stream, write: (text: string) => written.push(text) }, environment);
    for (const event of record.events) reporter.onEvent?.(event);
    await reporter.onEnd?.(record, "/reports/run");
    return written.join("");
  }

  it("writes one plain line per event of interest when it is no terminal", async () => {
    const text = await show(sampleRun(), {});
    assert.ok(!text.includes("\u001b"));
    assert.match(text, /^ +10\.0 s {2}── chaos$/m);
    assert.match(text, /^ +39\.0 s {2}r1: partial → deadlocked \(8 of 8 connections silent/m);
    assert.match(text, /fault kill-r2 had no effect/);
    assert.match(text, /^FAIL {2}r1 did not answer/m);
    assert.match(text, /report: \/reports\/run\/report\.html/);
    assert.ok(!/ops|ok\/s/.test(text), "no samples");
  });

  it("shows what servers reply, and cuts what is long: the journal has the whole", async () => {
    const reply = `first\r\n${"x".repeat(100)}`;
    const base = {
      type: "admin-command",
      t: 5,
      node: "m1",
      connection: 1,
      number: 1,
      by: "info",
      command: "INFO",
    } as const;
    const answered: JournalEvent = { ...base, step: "answered", ms: 3, expected: 0, reply };
    const record = (event: JournalEvent): RunRecord => ({ ...sampleRun(), events: [event] });
    const shown = `first ${"x".repeat(74)}… (26 more in the journal)`;
    assert.equal((await show(record(answered), {})).split("\n")[0], `    0.0 s  m1: INFO: ${shown}`);
    const refused: JournalEvent = { ...base, step: "refused", ms: 3, expected: 0, reply: "ERR no", detail: "ERR no" };
    assert.match(await show(record(refused), {}), /^ +0\.0 s {2}m1: INFO: refused: ERR no$/m);
    // One of many is not worth a line.
    assert.doesNotMatch(await show(record({ ...answered, by: "info#7" }), {}), /INFO/);
    const note: JournalEvent = { type: "note", t: 5, about: "m1", text: "y".repeat(1000) };
    assert.match(await show(record(note), {}), /^ +0\.0 s {2}note on m1: y{388}… \(612 more in the journal\)$/m);
  });

  it("strips control characters of server text, on a terminal too", async () => {
    const note: JournalEvent = { type: "note", t: 1, about: HOSTILE, text: `\u009b31m\u001b]0;title\u0007${HOSTILE}` };
    const record = { ...sampleRun(), events: [note] };
    assert.ok(!/[\u0000-\u0009\u000b-\u001f\u0080-\u009f\u202e]/.test(await show(record, {})));
    const live = await show(record, { isTTY: true }, { TERM: "xterm" });
    const rest = live.replace(/\u001b\[(\d+(;\d+)*m|\d+A|0J)/g, "");
    assert.ok(!/[\u0000-\u0009\u000b-\u001f\u0080-\u009f\u202e]/.test(rest), JSON.stringify(rest));
    assert.equal(rest.split("\n").filter((line) => line.includes("note on")).length, 1, "one event stays one line");
  });

  it("redraws its block in place on a terminal, within the width", async () => {
    const text = await show(sampleRun(), { isTTY: true, columns: 50 }, { NO_COLOR: "1" });
    assert.match(text, /\u001b\[3A\u001b\[0J/);
    for (const line of text.split("\n")) {
      const plain = line.replace(/\u001b\[\d+[AJ]/g, "");
      if (/^(faults:|nodes: )/.test(plain)) assert.ok(plain.length < 50, plain);
    }
    assert.match(text, /^nodes: {2}.*r1 deadlocked/m);
    assert.match(text, /^faults: cut/m);
  });

  it("uses colours on a terminal, and none with NO_COLOR or when it is no terminal", async () => {
    const colour = /\u001b\[\d+m/;
    assert.match(await show(sampleRun(), { isTTY: true }), colour);
    assert.doesNotMatch(await show(sampleRun(), { isTTY: true }, { NO_COLOR: "1" }), colour);
    assert.doesNotMatch(await show(sampleRun(), {}), colour);
    assert.ok(!(await show(sampleRun(), { isTTY: true }, { TERM: "dumb" })).includes("\u001b"));
  });

  it("paints a frame with one write, and breaks long lines under their own text", async () => {
    const written: string[] = [];
    const reporter = terminalReporter(
      { isTTY: true, columns: 80, write: (text: string) => written.push(text) },
      { NO_COLOR: "1", TERM: "xterm" },
    );
    const { events } = sampleRun();
    for (const event of events) reporter.onEvent?.(event);
    assert.ok(written.length > 10);
    for (const frame of written) {
      assert.ok(frame.lastIndexOf("\u001b[0J") <= frame.indexOf("\u001b[0J"), "erased at most once");
      if (frame.includes("\u001b[3A") && !frame.includes("verdict:"))
        assert.match(frame, /nodes: .*\n$/s, "erased and drawn again at once");
      for (const line of frame.replace(/\u001b\[\d+[AJ]/g, "").split("\n")) assert.ok(line.length <= 79, line);
    }
    assert.match(written.join(""), /evidence captured in 310 ms: Thread 31648[^\n]*\n {11}\S/);
  });

  it("says with --quiet only how it ended", async () => {
    const written: string[] = [];
    const record = sampleRun();
    const [reporter] = liveReporters({
      terminal: { isTTY: true, write: (text: string) => written.push(text) },
      output: new PassThrough(),
      json: false,
      quiet: true,
    });
    for (const event of record.events) reporter?.onEvent?.(event);
    assert.deepEqual(written, []);
    await reporter?.onEnd?.(record, "/reports/run");
    assert.match(written.join(""), /FAIL/);
  });
});

describe("events as NDJSON", () => {
  const record = sampleRun();

  it("writes every event as one line that reads back the same, without anything a terminal obeys", () => {
    let text = "";
    const output = new Writable({
      decodeStrings: false,
      write(chunk, _, done) {
        text += chunk;
        done();
      },
    });
    const note: JournalEvent = { type: "note", t: 1, about: "\u009b31m\u2028", text: HOSTILE };
    const people: string[] = [];
    const terminal = { isTTY: true, write: (text: string) => people.push(text) };
    const live = liveReporters({ terminal, output, json: true, quiet: false });
    for (const event of [...record.events, note]) for (const one of live) one.onEvent?.(event);
    assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/.test(text));
    const back = text.trimEnd().split("\n");
    assert.deepEqual(
      back.map((line) => JSON.parse(line)),
      JSON.parse(JSON.stringify([...record.events, note])),
    );
    assert.deepEqual(people, [], "no live lines beside it");
  });

  it("goes on when its reader has gone away", () => {
    const output = new PassThrough();
    const reporter = ndjsonReporter(output);
    output.emit("error", new Error("EPIPE"));
    for (const event of record.events) reporter.onEvent?.(event);
    assert.equal(output.read(), null);
  });
});
