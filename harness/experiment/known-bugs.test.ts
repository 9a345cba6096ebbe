import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { CATALOGUE, names, readKnownBugs, standsFor } from "./known-bugs.ts";

const ROW = "affected: null, fixed: 1.2.3, trigger: T, symptom: S";

describe("the catalogue of known bugs", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kvchaos-bugs-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const read = (text: string) => {
    const file = join(folder, "bugs.yaml");
    writeFileSync(file, text);
    return readKnownBugs(file);
  };

  it("is readable, and has rows of every system and of the patterns seen elsewhere", async () => {
    const bugs = await readKnownBugs(CATALOGUE);
    assert.ok(bugs.length >= 40, `${bugs.length} rows`);
    const projects = new Set(bugs.map(({ id }) => id.split(/[#/]/)[0]));
    assert.deepEqual([...projects].sort(), [
      "kvrocks",
      "kvrocks-controller",
      "orioledb",
      "pika",
      "redis",
      "tikv",
      "valkey",
    ]);
  });

  it("says which experiments stand for a row: by issue, by one that tells of the same, or by tag", async () => {
    const [one, other] = await read(
      `bugs:\n  - { id: kvrocks#7, url: https://github.com/apache/kvrocks/issues/7, also: [8], ${ROW} }\n  - { id: pika/slow, ${ROW} }\n`,
    );
    assert.ok(one && other);
    assert.deepEqual(names(one), ["kvrocks#7", "kvrocks#8"]);
    const at = (issue: string | null, ...tags: string[]) => ({ issue, tags });
    assert.ok(standsFor(at("https://github.com/apache/kvrocks/pull/7"), one));
    assert.ok(standsFor(at("https://github.com/apache/kvrocks/issues/8"), one));
    assert.ok(!standsFor(at("https://github.com/apache/kvrocks/issues/9"), one));
    assert.ok(!standsFor(at("https://github.com/redis/redis/issues/7"), one));
    assert.ok(!standsFor(at(null, "slow"), one));
    assert.ok(standsFor(at(null, "slow"), other));
    assert.ok(!standsFor(at(null, "slower"), other));
  });

  const malformed: [what: string, rows: string, wanted: string][] = [
    ["an unknown key", `- { id: a/b, ${ROW}, sympton: x }`, '2:70: unknown key "sympton"; did you mean "symptom"?'],
    [
      "a missing key",
      "- { id: a/b, affected: null, trigger: T, symptom: S }",
      '2:5: missing key "fixed": expected text',
    ],
    ["an id of another form", `- { id: 2512, ${ROW} }`, "2:11: expected text, got 2512"],
    ["a number without address", `- { id: a#7, ${ROW} }`, "2:11: expected the address of a#7 as url: .../issues/7"],
    [
      "the address of another issue",
      `- { id: redis#7, url: https://github.com/redis/redis/issues/8, ${ROW} }`,
      "2:25: this is the address of redis#8, and the id says redis#7",
    ],
    [
      "an address for a tag",
      `- { id: a/b, url: https://a.b/c, ${ROW} }`,
      "2:21: expected an id with a number, as the bug has an issue",
    ],
    [
      "a row that is there twice",
      `- { id: a/b, ${ROW} }\n  - { id: a/b, ${ROW} }`,
      "3:11: the row a/b is about the same issue",
    ],
  ];
  for (const [what, rows, wanted] of malformed) {
    it(`refuses ${what} at its place`, async () => {
      await assert.rejects(read(`bugs:\n  ${rows}\n`), (error) => {
        assert.ok(error instanceof ChaosError);
        assert.equal(error.message, `${join(folder, "bugs.yaml")}:${wanted}`);
        return true;
      });
    });
  }
});
