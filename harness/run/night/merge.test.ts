import assert from "node:assert/strict";
import { mergeNights } from "./merge.ts";
import type { Night, NightEntry } from "./record.ts";

function entry(experiment: string, outcome: NightEntry["outcome"], over: Partial<NightEntry> = {}): NightEntry {
  const about = { experiment, title: experiment, issue: null, system: "redis", image: "redis:7.0.15", expects: "pass" };
  const folder = `../20261121-020000-${experiment}-7`;
  const run = { folder, seed: "7", verdict: "pass", reasons: [], findings: [] } as const;
  const runs = outcome === "skipped" || outcome === "not-run" ? [] : [{ ...run, reasons: [], findings: [] }];
  return { ...about, outcome, reasons: [], ms: 1000, runs, again: null, ...over };
}

function night(index: number, count: number, entries: NightEntry[], over: Partial<Night> = {}): Night {
  const startedAt = `2026-11-21T02:00:0${index}Z`;
  const base = { version: 1 as const, kvchaos: "0.1.0", seed: "20261121", startedAt, ms: 60_000, budgetMs: null };
  return { ...base, shard: { index, count }, finished: true, entries, ...over };
}

describe("nights of many runners", () => {
  it("become one: every entry once, its runs found from the new place", () => {
    const sum = mergeNights(
      [
        { night: night(2, 2, [entry("b", "pass")]), directory: "/ci/two/nightly-2" },
        { night: night(1, 2, [entry("a", "fail"), entry("c", "skipped")]), directory: "/ci/one/nightly-1" },
      ],
      [],
      "/ci/merged",
    );
    assert.deepEqual(
      sum.entries.map(({ experiment, outcome, runs }) => [experiment, outcome, runs[0]?.folder]),
      [
        ["a", "fail", "../one/20261121-020000-a-7"],
        ["b", "pass", "../two/20261121-020000-b-7"],
        ["c", "skipped", undefined],
      ],
    );
    assert.deepEqual([sum.seeds, sum.startedAt, sum.ms], [["20261121"], "2026-11-21T02:00:01Z", 120_000]);
    assert.deepEqual(sum.missing, []);
  });

  it("miss the runner that left nothing, and the one that did not come to its end", () => {
    const one = { night: night(1, 3, [entry("a", "not-run")], { finished: false }), directory: "/ci/1" };
    const three = { night: night(3, 3, []), directory: "/ci/3" };
    assert.deepEqual(mergeNights([one, three], [], "/ci/merged").missing, [
      "shard 1/3 of night 20261121 did not come to its end",
      "the runner of shard 2/3 of night 20261121 left no nightly.json",
    ]);
  });

  it("count what is worst where the same was run several times, and say how many ended so", () => {
    const outcomes = ["pass", "fail", "pass", "not-run"] as const;
    const nights = outcomes.map((outcome, i) => ({
      night: night(1, 1, [entry("a", outcome)]),
      directory: `/ci/${i}/n`,
    }));
    const [only, ...rest] = mergeNights(nights, [entry("a", "pass", { runs: [] })], "/ci/merged").entries;
    assert.deepEqual(rest, []);
    assert.equal(only?.outcome, "fail");
    assert.equal(only.runs.length, 3);
    assert.match(only.reasons.at(-1) ?? "", /^1 of 3 \(95 %/);
  });

  it("take a second try of a runner that was killed for what it is", () => {
    const killed = { night: night(1, 1, [entry("a", "not-run")], { finished: false }), directory: "/ci/1" };
    const again = { night: night(1, 1, [entry("a", "pass")]), directory: "/ci/2" };
    const sum = mergeNights([killed, again], [], "/ci/merged");
    assert.deepEqual(
      sum.entries.map(({ outcome }) => outcome),
      ["pass"],
    );
    assert.deepEqual(sum.missing, []);
  });
});
