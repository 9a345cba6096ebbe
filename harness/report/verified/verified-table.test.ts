import assert from "node:assert/strict";
import fc from "fast-check";
import { lineHash, type VerifiedRun } from "./verified-run.ts";
import { foundText, groupsOf, parseVerified, renderVerified } from "./verified-table.ts";

const run = (over: Partial<VerifiedRun> = {}): VerifiedRun => ({
  run: "20261126-120000-one-1",
  experiment: "pika/one.yaml",
  seed: "1",
  system: "pika",
  image: "pikadb/pika:3.5.2",
  digest: "pikadb/pika@sha256:0123456789abcdef0123",
  verdict: "fail",
  found: ["hang/deadlocked"],
  after: 2000,
  started: "2026-11-26T12:00:00.000Z",
  kvchaos: "0.1.0",
  plan: "p",
  journal: "j",
  ...over,
});
const three = [
  run(),
  run({ run: "b", after: 4000, found: ["crash/exit", "hang/deadlocked"], started: "2026-11-27T12:00:00.000Z" }),
  run({ run: "c", verdict: "inconclusive", found: [], after: null }),
];
const rowsOf = (text: string): string[] => text.split("\n").filter((line) => line.startsWith("| pika/"));

describe("VERIFIED.md", () => {
  it("has one row per experiment and image digest: runs, what was found how often, the median time, the last date", () => {
    const passed = run({ run: "d", digest: "sha256:ff", verdict: "pass", found: [], after: null });
    const rows = rowsOf(renderVerified([...three, passed]));
    assert.match(
      rows[0] as string,
      /^\| pika\/one\.yaml \| pikadb\/pika:3\.5\.2 \| sha256:0123456789ab \| 2 \| hang\/deadlocked 2 of 2, crash\/exit 1 of 2 \| 2s \| 1 \| 2026-11-27 \| 0\.1\.0 \| [0-9a-f]{16} \|$/,
    );
    assert.match(rows[1] as string, /\| sha256:ff \| 1 \| nothing in 1 \| - \| 0 \|/);
    assert.equal(rows.length, 2);
  });

  it("says nothing of what was found where no run had a verdict", () => {
    const [group] = groupsOf([three[2] as VerifiedRun]);
    assert.deepEqual([group?.judged, group && foundText(group)], [0, "-"]);
  });

  it("gives its runs back, whatever they hold, and is the same text in whatever order they came", () => {
    assert.deepEqual(parseVerified(renderVerified([]), "V.md"), []);
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 4 }), (texts) => {
        const runs = texts.map((text, index) => run({ run: `${index}`, image: `i${text}`, seed: text, found: [text] }));
        const text = renderVerified(runs);
        const read = parseVerified(text, "V.md");
        assert.equal(read.length, runs.length);
        assert.equal(renderVerified([...runs].reverse()), text);
        for (const one of runs) assert.ok(read.some((other) => lineHash(other) === lineHash(one)));
      }),
      { numRuns: 100 },
    );
  });

  const text = renderVerified(three);
  const line = (start: string): number => text.split("\n").findIndex((one) => one.startsWith(start)) + 1;
  const edits: [what: string, edited: string, where: number, message: RegExp][] = [
    ["a cell", text.replace("| 2 | hang", "| 9 | hang"), line("| pika/"), /not what its runs give/],
    [
      "the hash of a row",
      text.replace(/[0-9a-f]{16} \|\n\n## Runs/, "0123456789abcdef |\n\n## Runs"),
      line("| pika/"),
      /not what/,
    ],
    ["a row that no run made", text.replace("\n\n## Runs", "\n| x | y |\n\n## Runs"), line("| pika/") + 1, /not what/],
    ["a run's verdict", text.replace('"inconclusive"', '"pass"'), line('{"run":"c"'), /run c does not have its hash/],
    ["a run that was taken out", text.replace(/\{"run":"b".*\n/, ""), line("| pika/"), /not what its runs give/],
    ["a line that is no run", text.replace('{"run":"b"', "x"), line('{"run":"b"'), /is no run/],
    ["the words above", text.replace("real servers", "servers"), 3, /not what its runs give/],
    ["an end that is missing", text.replace(/```\n$/, ""), text.split("\n").length - 1, /is not there/],
  ];
  for (const [what, edited, where, message] of edits) {
    it(`is refused when somebody changes ${what} by hand`, () => {
      assert.notEqual(edited, text);
      assert.throws(
        () => parseVerified(edited, "V.md"),
        (error: Error & { hint?: string }) => {
          assert.match(error.message, message);
          assert.ok(error.message.startsWith(`V.md:${where}: `), `${error.message}, wanted line ${where}`);
          assert.match(error.hint ?? "", /kvchaos verified/);
          return true;
        },
      );
    });
  }
});
