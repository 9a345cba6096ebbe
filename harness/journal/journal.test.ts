import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { eventSchema, type JournalEvent } from "./events.ts";
import { readRecord } from "./reader.ts";
import { JournalWriter } from "./writer.ts";

describe("journal", () => {
  let directory: string;
  let file: string;
  let now = 0;
  const clock = { origin: 0n, now: () => now };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "kvchaos-journal-"));
    file = join(directory, "journal.jsonl");
    now = 0;
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const note = (text: string) => ({ type: "note" as const, about: "test", text });

  async function read(): Promise<readonly JournalEvent[]> {
    await readRecord(file);
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    return lines.map((line) => eventSchema.parse(JSON.parse(line)));
  }

  it("keeps the order of events and adds the clock's time only where it is missing", async () => {
    const journal = JournalWriter.open(file, clock);
    now = 12.3456789;
    journal.emit(note("first"));
    journal.emit({ ...note("second"), t: 3 });
    await journal.close();
    assert.deepEqual(await read(), [
      { t: 12.346, ...note("first") },
      { t: 3, ...note("second") },
    ]);
  });

  it("has written within 250 ms without being asked", async () => {
    const journal = JournalWriter.open(file, clock);
    journal.emit(note("alone"));
    const end = Date.now() + 10_000;
    while ((await readFile(file, "utf8")) === "" && Date.now() < end) await new Promise((go) => setTimeout(go, 20));
    assert.equal((await read()).length, 1);
    await journal.close();
  });

  it("is on disk at once when a phase ends", async () => {
    const journal = JournalWriter.open(file, clock);
    journal.emit({ type: "phase", phase: "chaos", step: "end" });
    assert.equal((await readFile(file, "utf8")).trim().split("\n").length, 1);
    await journal.close();
  });

  it("hides secrets in values, in arrays, in free names and from subscribers, and leaves the format readable", async () => {
    const seen: JournalEvent[] = [];
    const journal = JournalWriter.open(file, clock, { redact: ['p"w', "note", "p", ""] });
    journal.subscribe((event) => seen.push(event));
    journal.emit({ t: 1, type: "note", about: "config", text: 'requirepass p"w' });
    journal.emit({ t: 2, type: "log", node: "m1", rule: "r", line: "a note", fields: { 'auth p"w': "note" } });
    await journal.close();
    const text = await readFile(file, "utf8");
    assert.ok(!text.includes('p\\"w'), text);
    assert.equal(seen[0]?.type === "note" && seen[0].text, "require•••ass •••");
    assert.deepEqual(await read(), seen);
    assert.equal(seen[1]?.type === "log" && seen[1].line, "a •••");
  });

  it("survives a subscriber that throws, remembers it and calls it no more", async () => {
    const journal = JournalWriter.open(file, clock);
    let calls = 0;
    journal.subscribe(() => {
      calls++;
      throw new Error("broken reporter");
    }, "bad");
    let good = 0;
    journal.subscribe(() => good++, "good");
    journal.emit(note("one"));
    journal.emit(note("two"));
    await journal.close();
    assert.equal(calls, 1);
    assert.equal(good, 2);
    assert.deepEqual(
      journal.subscriberFailures.map(({ name, error }) => [name, String(error)]),
      [["bad", "Error: broken reporter"]],
    );
    assert.equal((await read()).length, 2);
  });

  it("replaces an event that JSON cannot hold by a note about it", async () => {
    const journal = JournalWriter.open(file, clock);
    journal.emit({
      type: "evidence",
      node: "m1",
      reason: "",
      ms: 0,
      stoppedProcessMs: 0,
      files: [],
      summary: "",
      proof: null,
      data: 1n as never,
    });
    await journal.close();
    const [event] = await read();
    assert.match(event?.type === "note" ? event.text : "", /lost an event of type evidence/);
  });

  it("refuses to overwrite a journal", async () => {
    await writeFile(file, "");
    assert.throws(
      () => JournalWriter.open(file, clock),
      (e) => e instanceof ChaosError && e.code === "infrastructure",
    );
  });

  it("takes what comes after close as lost, without failing", async () => {
    const journal = JournalWriter.open(file, clock);
    journal.emit(note("in"));
    await journal.close();
    journal.emit(note("late"));
    await journal.close();
    assert.equal((await read()).length, 1);
  });

  it("reads up to a torn last line and says which one it was", async () => {
    const journal = JournalWriter.open(file, clock);
    journal.emit(note("whole"));
    await journal.close();
    await appendFile(file, '{"t":5,"type":"no');
    const record = await readRecord(file);
    assert.equal(record.events.length, 1);
    assert.equal(record.tornLine, 2);
    assert.equal(record.last("note")?.text, "whole");
  });

  it("accepts a last line that only lost its newline", async () => {
    await writeFile(file, JSON.stringify({ t: 1, ...note("x") }));
    const record = await readRecord(file);
    assert.equal(record.events.length, 1);
    assert.equal(record.tornLine, null);
  });

  for (const [what, line] of [
    ["broken JSON", '{"t":5,'],
    ["an unknown event", '{"t":5,"type":"surprise"}'],
    ["an event without time", '{"type":"note","about":"a","text":"b"}'],
    ["an empty line", ""],
  ] as const) {
    it(`refuses ${what} in the middle, with its line number`, async () => {
      const good = JSON.stringify({ t: 1, ...note("x") });
      await writeFile(file, `${good}\n${line}\n${good}\n`);
      await assert.rejects(
        read(),
        (e) => e instanceof ChaosError && e.code === "usage" && e.message.includes("journal.jsonl:2: "),
      );
    });
  }

  it("keeps characters that some line readers take for line ends", async () => {
    const journal = JournalWriter.open(file, clock);
    journal.emit(note("a\u2028b\r\nc\u0085d\ud800"));
    await journal.close();
    const [event] = await read();
    assert.equal(event?.type === "note" && event.text, "a\u2028b\r\nc\u0085d\ud800");
  });

  it("says which file is missing", async () => {
    await assert.rejects(readRecord(file), (e) => e instanceof ChaosError && e.message.includes(file));
  });
});
