import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Diary } from "./diary.ts";
import { note } from "./explorer.ts";
import { exploreHtml } from "./page/explore-html.ts";
import { exploreMarkdown } from "./page/explore-markdown.ts";
import { sumOf } from "./page/sum.ts";

const HEAD = { system: "redis", image: "redis:7.0.15", seed: "7" };

describe("the diary of an exploration", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-diary-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function write(): Promise<Diary> {
    const diary = await Diary.open(folder, HEAD);
    const experiments = [
      { behaviour: ["kill during calm", "a"], seen: [] },
      {
        behaviour: ["a", "b"],
        seen: [{ signature: "hang/deadlocked of replica: <x> & y", proved: true, known: null }],
      },
      {
        behaviour: ["b"],
        seen: [{ signature: "divergence/missing-keys", proved: false, known: "https://example.org/1" }],
      },
    ];
    for (const [index, { behaviour, seen }] of experiments.entries()) {
      const document = { faults: [{ fault: "kill" }], title: String(index) };
      const tried = {
        number: index + 1,
        document,
        outcome: { behaviour: new Set(behaviour), seen, void: false, spent: { all: 20_000, chaos: 10_000 } },
      };
      diary.add({ ...tried, ...note(tried, diary.corpus, diary.ledger) }, (index + 1) * 60_000);
    }
    const [bug] = diary.ledger.bugs;
    assert.ok(bug);
    diary.keep({ ...bug, again: { shown: 2, of: 3 }, kinds: ["kill"] });
    await diary.end();
    return diary;
  }

  it("gives back what it was told, after a line that was cut off, too", async () => {
    const before = await write();
    await appendFile(path.join(folder, "experiments.jsonl"), '{"number": 4, "at');
    const { corpus, ledger, lines, next } = await Diary.open(folder, HEAD);
    assert.deepEqual(lines, before.lines);
    assert.deepEqual(corpus.members, before.corpus.members);
    assert.equal(next, 4);
    assert.deepEqual(await Diary.headIn(folder), HEAD);
    const [first, second] = ledger.bugs;
    assert.deepEqual([first?.again, first?.kinds], [{ shown: 2, of: 3 }, ["kill"]]);
    assert.deepEqual([second?.known, second?.experiments], ["https://example.org/1", [3]]);
  });

  it("does not go on with another server or seed", async () => {
    await write();
    await assert.rejects(Diary.open(folder, { ...HEAD, image: "redis:8" }), /holds another exploration/);
  });

  it("is told as a page: findings first, then what was covered and what was not", async () => {
    const sum = sumOf(await write(), ["kill", "pause"]);
    assert.deepEqual([sum.experiments, sum.growth.at(-1)?.kinds, sum.flatSince], [3, 3, 120_000]);
    const less = exploreHtml(sum, (_, file) => file === "drawn.yaml").text;
    assert.ok(/\/drawn\.yaml"/.test(less) && !/\/report\.html"/.test(less), "no link to what is not there");
    const { text } = exploreHtml(sum);
    assert.match(text, /redis:7\.0\.15: 1 finding in 3 experiments/);
    assert.match(text, /hang\/deadlocked of replica: &lt;x&gt; &amp; y/);
    assert.ok(text.indexOf("deadlocked") < text.indexOf("missing-keys"), "what is proved comes first");
    assert.match(text, /seen once/);
    assert.doesNotMatch(text, /<script/);
    const kill = sum.coverage.find(({ fault }) => fault === "kill");
    assert.deepEqual([kill?.met.calm, kill?.why], [1, "no server was ever in loading, full-sync, link-down"]);
    assert.equal(
      sum.coverage.find(({ fault }) => fault === "latency")?.why,
      "left out: --only, --without, or the system has none",
    );
    assert.equal(sum.coverage.find(({ fault }) => fault === "pause")?.why, "never drawn so far");
    assert.match(text, /<span class="heat heat5">1<\/span>/);
    assert.match(text, /3:00 min, 60 experiments an hour, 50 % of their time chaos/);
    assert.match(text, /flat since 2:00 min/);
    const markdown = exploreMarkdown(sum);
    assert.match(markdown, /60 experiments an hour, 50 % of their time chaos/);
    assert.match(markdown, /nothing new since 2:00 min, which is flat for 1:00 min/);
    assert.match(markdown, /\| kill \| 0 \| 0 \| 0 \| 1 \|/);
  });
});
