import assert from "node:assert/strict";
import type { Verdict } from "../../journal/events.ts";
import type { Plan, PlannedFault } from "../../journal/plan.ts";
import { type Attempt, firstKind, triedText } from "./attempts.ts";
import { idsOf, shrink } from "./shrink.ts";

const HANG = { type: "hang", class: "deadlocked", from: 2_000 } as const;
const CRASH = { type: "crash", class: "exit", from: 1_000 } as const;

function planOf(...faults: (string | [id: string, after: string])[]): Plan {
  const planned = faults.map((one): PlannedFault => {
    const [id, after] = typeof one === "string" ? [one] : one;
    const trigger = after ? ({ kind: "after", after, delay: 0 } as const) : ({ kind: "at", at: 0 } as const);
    return { id, fault: "pause", trigger, duration: null, params: {} };
  });
  return { version: 1, seed: "1", experiment: {} as Plan["experiment"], faults: planned };
}

const ended = (verdict: Verdict, ...findings: Attempt["findings"]): Attempt => ({ verdict, findings });

/** Shrinks with a server that ends as `server` says, and tells what was tried. */
async function shrinkWith(
  plan: Plan,
  server: (ids: string[], run: number) => Attempt,
  { tries = 1, runs: most = Number.POSITIVE_INFINITY, jobs = 1 } = {},
) {
  const tried: string[] = [];
  let runs = 0;
  const result = await shrink(
    plan,
    {
      tries,
      shows: ({ findings }) => findings.some(({ type }) => type === "hang"),
      onTried: (one) => tried.push(`${idsOf(one.plan).join(",")}: ${triedText(one)}`),
    },
    {
      run: async (some) => server(idsOf(some), ++runs),
      late: () => runs >= most,
      jobs,
      signal: new AbortController().signal,
    },
  );
  return { ...result, left: result.smallest && idsOf(result.smallest.plan), tried };
}

describe("shrinking a plan", () => {
  it("keeps the faults that it takes, and what they wait for", async () => {
    const plan = planOf("a", "b", ["c", "b"], ["d", "c"], "e");
    const { left, complete, tried } = await shrinkWith(plan, (ids) =>
      ids.includes("d") ? ended("fail", HANG) : ended("pass"),
    );
    assert.deepEqual(left, ["b", "c", "d"]);
    assert.equal(complete, true);
    assert.equal(tried[0], "a,b,c,d,e: fails (in run 1)");
    for (const line of tried) assert.doesNotMatch(line, /^(?!.*b.*).*c/);
  });

  it("does not take another failure for this one", async () => {
    const { left } = await shrinkWith(planOf("a", "b"), (ids) => {
      return ids.includes("a") ? ended("fail", HANG, CRASH) : ended("fail", CRASH);
    });
    assert.deepEqual(left, ["a"]);
  });

  it("asks again before it believes that a failure which comes and goes is gone", async () => {
    const flaky = (ids: string[], run: number): Attempt =>
      ids.includes("a") && run % 3 === 0 ? ended("fail", HANG) : ended("pass");
    assert.deepEqual((await shrinkWith(planOf("a", "b", "c"), flaky, { tries: 3 })).left, ["a"]);
    assert.equal((await shrinkWith(planOf("a", "b", "c"), flaky, { tries: 1 })).left, null);
  });

  it("finds the same with several runs at a time, and tells the same of them", async () => {
    const plan = planOf("a", "b", ["c", "b"], ["d", "c"], "e", "f", "g");
    const server = (ids: string[]): Attempt =>
      ids.includes("d") && ids.includes("f") ? ended("fail", HANG) : ended("pass");
    const alone = await shrinkWith(plan, server, { tries: 2 });
    assert.deepEqual(alone.left, ["b", "c", "d", "f"]);
    for (const jobs of [2, 3, 8]) assert.deepEqual(await shrinkWith(plan, server, { tries: 2, jobs }), alone);
  });

  it("says so when the whole plan does not fail again, and when the time was over", async () => {
    const passes = await shrinkWith(planOf("a"), () => ended("pass"), { tries: 2 });
    assert.deepEqual([passes.smallest, passes.runs, passes.complete], [null, 2, true]);
    assert.deepEqual(passes.tried, ["a: passes (2 runs)"]);
    const plan = planOf("a", "b", "c", "d");
    const late = await shrinkWith(plan, (ids) => (ids.includes("c") ? ended("fail", HANG) : ended("pass")), {
      runs: 3,
    });
    assert.deepEqual([late.left, late.complete], [["c", "d"], false]);
    assert.equal(late.tried.at(-1), "d: no time left for it");
  });

  it("does not take a run that knows nothing for a pass, nor goes on after one that broke", async () => {
    const doubt = await shrinkWith(planOf("a"), () => ended("inconclusive"), { tries: 2 });
    assert.deepEqual(doubt.tried, ["a: does not show it, but not every run passed (inconclusive, inconclusive)"]);
    const broken = await shrinkWith(planOf("a"), () => ended("error"), { tries: 5 });
    assert.equal(broken.runs, 1);
  });

  it("looks for the kind of finding that began first", () => {
    assert.equal(firstKind([HANG, CRASH]), "crash/exit");
    assert.equal(firstKind([]), null);
  });
});
