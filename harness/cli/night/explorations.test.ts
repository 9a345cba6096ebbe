import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Diary } from "../../explore/diary.ts";
import { note, type Seen } from "../../explore/explorer.ts";
import { nightHtml } from "../../report/night/night-html.ts";
import { nightJunit } from "../../report/night/night-junit.ts";
import { COMMENT_BYTES, nightMarkdown } from "../../report/night/night-markdown.ts";
import { mergeNights } from "../../run/night/merge.ts";
import { exitOfNight } from "../exit-codes.ts";
import { exploredEntries } from "./explorations.ts";
import { findNights } from "./night-files.ts";

const HEAD = { system: "kvrocks", image: "apache/kvrocks:2.9.0", seed: "7.1" };
const DEADLOCK: Seen = { signature: "hang/deadlocked of replica: a > b", proved: true, known: null };
const KNOWN: Seen = { signature: "divergence/missing-keys", proved: true, known: "https://example.org/1" };
const ONCE: Seen = { signature: "crash/exit of master", proved: false, known: null };

describe("explorations in a night", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-explored-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** An exploration of one experiment for each list; null: it counts for nothing. */
  async function explored(name: string, ...experiments: readonly (readonly Seen[] | null)[]): Promise<Diary> {
    const diary = await Diary.open(path.join(folder, name), HEAD);
    for (const [i, seen] of experiments.entries()) {
      const outcome = { behaviour: new Set([`log ${i}`]), seen: seen ?? [], void: seen === null };
      const tried = { number: i + 1, document: { faults: [{ fault: "kill" }] }, outcome, fresh: [], firsts: [] };
      diary.add(seen === null ? tried : { ...tried, ...note(tried, diary.corpus, diary.ledger) }, (i + 1) * 60_000);
    }
    await diary.end();
    await writeFile(path.join(folder, name, "explore.html"), "");
    return diary;
  }

  it("are an entry each, and one for each bug that counts: a new one fails the night, a known one does not", async () => {
    const diary = await explored("e", [], [DEADLOCK, ONCE], [KNOWN]);
    const entries = await exploredEntries(diary, 0, folder);
    assert.deepEqual(
      entries.map(({ title, outcome }) => [title, outcome]),
      [
        ["Exploration of apache/kvrocks:2.9.0", "pass"],
        ["Explored: hang/deadlocked of replica: a > b", "fail"],
        ["Explored: divergence/missing-keys", "known-bug"],
      ],
    );
    assert.ok(entries[0]?.reasons.includes(`seen once, not again: ${ONCE.signature}`));
    assert.equal(entries[0]?.runs[0]?.folder, "e");
  });

  it("tell only of bugs that showed tonight, and are inconclusive where nothing counts", async () => {
    const diary = await explored("e", [DEADLOCK], [KNOWN], null);
    const outcomes = async (before: number) => (await exploredEntries(diary, before, folder)).map((one) => one.outcome);
    assert.deepEqual(await outcomes(0), ["pass", "fail", "known-bug"]);
    assert.deepEqual(await outcomes(1), ["pass", "known-bug"]);
    assert.deepEqual(await outcomes(2), ["inconclusive"]);
  });

  it("are merged: the same bug of two runners is one case, and what lies in an exploration is no run of its own", async () => {
    await explored("one", [DEADLOCK]);
    await explored("two", [], [DEADLOCK]);
    const run = path.join(folder, "one", "found", "x", "run");
    await mkdir(run, { recursive: true });
    await writeFile(path.join(run, "journal.jsonl"), "");
    await writeFile(path.join(run, "result.json"), "{}");
    // What is carried has no page.
    await explored("carried", [KNOWN]);
    await rm(path.join(folder, "carried", "explore.html"));
    const out = path.join(folder, "merged");
    const { nights, others, withoutResult } = await findNights([folder], out);
    assert.deepEqual([nights.length, withoutResult], [0, []]);
    const sum = mergeNights(nights, others, out);
    assert.deepEqual(
      sum.entries.map(({ outcome, runs }) => [outcome, runs.length]),
      [
        ["pass", 2],
        ["fail", 2],
      ],
    );
    assert.equal(
      exitOfNight(
        sum.entries.map(({ outcome }) => outcome),
        0,
      ),
      1,
    );
    assert.match(nightJunit(sum).text, /tests="2" failures="1"[\s\S]*type="hang\/deadlocked"/);
    assert.match(nightHtml(sum).text, /href="\.\.\/one\/explore\.html"/);
    const markdown = nightMarkdown(sum, COMMENT_BYTES);
    assert.match(markdown, /1 failed, 1 passed/);
    assert.match(markdown, /kvchaos\.mjs explore --system kvrocks --image apache\/kvrocks:2\.9\.0 --seed 7\.1/);
  });
});
