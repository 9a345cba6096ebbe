import assert from "node:assert/strict";
import type { NightEntry } from "../../run/night/record.ts";
import { findingWord } from "../explore/finding-word.ts";
import { nightWord } from "./night-word.ts";

describe("what a webhook is told", () => {
  const entry = (outcome: NightEntry["outcome"], reasons: string[] = []): NightEntry => ({
    ...{ experiment: "experiments/any/x.yaml", title: "x", issue: null, system: "redis", image: "redis:7.0.15" },
    ...{ expects: "pass", outcome, reasons, ms: 1, runs: [], again: null },
  });

  it("is how a night went, with what somebody has to look at, at most 20 of it", () => {
    const bad = Array.from({ length: 25 }, () => entry("fail", ["r1 hangs"]));
    const night = {
      version: 1,
      kvchaos: "0",
      seed: "7",
      startedAt: "",
      ms: 5,
      budgetMs: null,
      shard: { index: 1, count: 1 },
    } as const;
    const { text, facts } = nightWord({ ...night, finished: false, entries: [entry("pass"), ...bad] }, "/reports/n");
    const lines = text.split("\n");
    assert.equal(lines[0], "kvchaos, night 7 (interrupted): 25 failed, 1 passed");
    assert.equal(lines[1], "fail: experiments/any/x.yaml on redis:7.0.15: r1 hangs");
    assert.deepEqual([lines.length, lines.at(-1)], [22, "and 5 more"]);
    assert.deepEqual(facts.outcomes, { pass: 1, fail: 25 });
    assert.deepEqual([facts.badCount, (facts.bad as unknown[]).length, facts.page], [25, 20, "/reports/n/index.html"]);
  });

  it("is the first finding of an exploration", () => {
    const head = { system: "pika", image: "pikadb/pika:3.5.2", seed: "9" };
    const { text, facts } = findingWord({ signature: "hang/deadlocked r1", known: null }, 12, head, "/out");
    assert.equal(text, "kvchaos, exploration of pikadb/pika:3.5.2: a bug in experiment 12: hang/deadlocked r1");
    assert.deepEqual(facts, { ...head, experiment: 12, signature: "hang/deadlocked r1", known: null, folder: "/out" });
  });
});
