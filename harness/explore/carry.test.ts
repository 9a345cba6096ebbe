import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { carryIn, carryOut, trim } from "./carry.ts";
import { DIARY_FILE, Diary } from "./diary.ts";
import { note } from "./explorer.ts";

const HEAD = { system: "redis", image: "redis:7.0.15", seed: "7" };
const DOCUMENT = { title: "x".repeat(1_000), faults: [{ fault: "kill" }] };

describe("what is carried from night to night", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-carry-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Experiment 1 shows something new, 2 to 8 do not, 9 does, 10 shows a bug. */
  async function night(): Promise<Diary> {
    const diary = await Diary.open(path.join(folder, "night"), HEAD);
    for (let number = 1; number <= 10; number++) {
      const behaviour = new Set(number < 9 ? ["a"] : ["a", `b${number}`]);
      const seen = number === 10 ? [{ signature: "hang of master", proved: true, known: null }] : [];
      const tried = { number, document: DOCUMENT, outcome: { behaviour, seen, void: false } };
      diary.add({ ...tried, ...note(tried, diary.corpus, diary.ledger) }, number * 1_000);
    }
    for (const bug of diary.ledger.bugs) diary.keep({ ...bug, again: { shown: 2, of: 3 } });
    await diary.end();
    await writeFile(path.join(diary.folderOf(diary.ledger.bugs[0] as never), "report.html"), "large");
    return diary;
  }

  it("is the whole exploration where it fits: the next night goes on with its numbers, behaviour and bugs", async () => {
    const { folder: from, corpus } = await night();
    const [kept, next] = [path.join(folder, "kept"), path.join(folder, "next")];
    assert.equal(await carryOut(from, kept, 1_000_000), true);
    await carryIn(kept, next);
    const diary = await Diary.open(next, HEAD);
    assert.deepEqual(diary.corpus.members, corpus.members);
    assert.deepEqual([diary.next, diary.ledger.bugs[0]?.again], [11, { shown: 2, of: 3 }]);
    const report = path.join(diary.folderOf(diary.ledger.bugs[0] as never), "report.html");
    await assert.rejects(readFile(report), "a bug's report stays with its night");
  });

  it("is trimmed: the oldest that showed nothing new first, then those that did, never a bug's, and no count is lost", async () => {
    const { folder: from } = await night();
    const whole = await readFile(path.join(from, DIARY_FILE), "utf8");
    const left = (text: string | null) =>
      (text ?? "")
        .split("\n")
        .slice(1, -1)
        .flatMap((one) => (one.includes("xxx") ? JSON.parse(one).number : []));
    const bytes = Buffer.byteLength(whole);
    assert.deepEqual(left(trim(whole, bytes)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.deepEqual(left(trim(whole, bytes - 1)), [1, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.deepEqual(left(trim(whole, bytes - 7_000)), [1, 9, 10]);
    assert.deepEqual(left(trim(whole, bytes - 8_000)), [9, 10]);
    const least = trim(whole, bytes - 9_000);
    assert.deepEqual(left(least), [10]);
    assert.equal(trim(whole, 1_000), null);

    const next = path.join(folder, "next");
    assert.equal(await carryOut(from, next, bytes - 9_000), true);
    const diary = await Diary.open(next, HEAD);
    assert.deepEqual([diary.lines.length, diary.next, diary.corpus.size], [10, 11, 3]);
    assert.deepEqual(
      diary.corpus.members.map(({ number }) => number),
      [10],
    );
  });

  it("is nothing where even that does not fit, and nothing where nothing was carried", async () => {
    const { folder: from } = await night();
    const kept = path.join(folder, "kept");
    await carryOut(from, kept, 1_000_000);
    assert.equal(await carryOut(from, kept, 100), false);
    await carryIn(kept, path.join(folder, "next"));
    assert.equal(await Diary.headIn(path.join(folder, "next")), undefined);
  });
});
