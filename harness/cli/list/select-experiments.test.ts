import assert from "node:assert/strict";
import type { Experiment } from "../../experiment/experiment.ts";
import type { KnownBug } from "../../experiment/known-bugs.ts";
import { selectExperiments, shortIssue } from "./select-experiments.ts";

type Some = Pick<Experiment, "title" | "systems" | "issue" | "tags">;
const some: Some[] = [
  { title: "storm", systems: ["kvrocks"], issue: "https://github.com/apache/kvrocks/issues/2512", tags: ["hang"] },
  {
    title: "flush",
    systems: ["pika"],
    issue: "https://github.com/OpenAtomFoundation/pikiwidb/issues/2391",
    tags: ["flush"],
  },
  { title: "info", systems: ["pika"], issue: null, tags: ["flush", "info-under-flush"] },
  { title: "other", systems: ["redis", "pika"], issue: "https://example.org/ticket?id=7", tags: [] },
];
const all = some as Experiment[];
const row = { affected: null, fixed: null, trigger: "T", symptom: "S" };
const bugs: KnownBug[] = [
  { ...row, id: "kvrocks#2512", url: "https://github.com/apache/kvrocks/issues/2512", also: [2549] },
  { ...row, id: "pika/info-under-flush", url: null, also: [] },
];
const chosen = (wish: Parameters<typeof selectExperiments>[2]): string[] =>
  selectExperiments(all, bugs, wish).map(({ title }) => title);

describe("the experiments that are asked for", () => {
  it("are all without a filter, and else those to which every filter applies", () => {
    assert.equal(chosen({}).length, 4);
    assert.deepEqual(chosen({ system: "pika" }), ["flush", "info", "other"]);
    assert.deepEqual(chosen({ system: "pika", tag: "flush" }), ["flush", "info"]);
    assert.deepEqual(chosen({ tag: "flush", issue: "2391" }), ["flush"]);
  });

  it("are those of an issue, however it is written, and of others that tell of the same bug", () => {
    const spellings = [
      "2512",
      "#2512",
      "kvrocks#2512",
      "Kvrocks#2512",
      "https://github.com/apache/kvrocks/issues/2512",
      "https://github.com/apache/kvrocks/pull/2512#discussion",
      "2549",
      "https://github.com/apache/kvrocks/pull/2549",
    ];
    for (const issue of spellings) assert.deepEqual(chosen({ issue }), ["storm"], issue);
    assert.deepEqual(chosen({ issue: "pika#2391" }), ["flush"]);
    assert.deepEqual(chosen({ issue: "pika/info-under-flush" }), ["info"]);
    assert.deepEqual(chosen({ issue: "https://example.org/ticket?id=7" }), ["other"]);
  });

  it("are refused with what there is when nothing has the name", () => {
    const refused = (wish: Parameters<typeof selectExperiments>[2], message: RegExp, hint: RegExp) =>
      assert.throws(
        () => chosen(wish),
        (error: Error & { hint?: string }) => message.test(error.message) && hint.test(error.hint ?? ""),
      );
    refused({ tag: "fluhs" }, /no experiment has the tag fluhs/, /Did you mean "flush"\? Known: flush, hang, info/);
    refused({ system: "kvrocks", tag: "flush" }, /no experiment for kvrocks has the tag flush/, /Known: hang\./);
    refused({ issue: "pika#2512" }, /is about the issue pika#2512/, /Known: .*kvrocks#2512, pika#2391, pika\/info/);
    refused({ tag: "hang", issue: "2391" }, /with the tag hang is about the issue 2391/, /Known: kvrocks#2512\./);
  });

  it("show their issue as people say it", () => {
    assert.deepEqual(
      all.map((one) => shortIssue(one, bugs)),
      ["kvrocks#2512", "pika#2391", "pika/info-under-flush", "https://example.org/ticket?id=7"],
    );
  });
});
