import assert from "node:assert/strict";
import fc from "fast-check";
import type { Experiment } from "../../experiment/experiment.ts";
import { expectationOf, expectationText, judge } from "./expectation.ts";
import { mostTime, type NightJob, nightJobs, nightOrder, seedOfNight, shardOf } from "./jobs.ts";
import { NightRunner } from "./night-runner.ts";
import type { NightRun } from "./record.ts";

const OLD = "apache/kvrocks:2.9.0";
const NEW = "apache/kvrocks:2.11.0";

function experiment(over: Partial<Experiment> = {}): Experiment {
  const blank = {
    description: null,
    why: null,
    issue: null,
    tags: [],
    config: {},
    preload: null,
    fullSync: null,
    cores: false,
    locks: false,
    noise: null,
    known: [],
    confirms: null,
    load: [],
  };
  return {
    ...blank,
    file: "/here/experiments/one.yaml",
    title: "One",
    systems: ["kvrocks"],
    images: {},
    cluster: "/here/compose/one.yaml",
    benchmarks: [],
    faults: [],
    warmUp: 3_000,
    duration: 30_000,
    watchdog: {
      hangAfter: 5_000,
      hangLimit: null,
      slowAfter: null,
      stallAfter: 9,
      connections: 1,
      interval: 9,
      poll: 9,
    },
    recovery: { within: 7_000 },
    reconcile: "minimal",
    allow: [],
    checks: [],
    expectations: [],
    limits: { fullSyncs: null, memory: null },
    stopOn: "end",
    expect: null,
    losses: null,
    expectRoles: {},
    timeToFinding: null,
    ...over,
  };
}
const only = (type: string, kind: string | null) => ({ finding: [type], class: kind, sometimes: false });
const known = experiment({ images: { affected: OLD, fixed: NEW }, expect: only("hang", "deadlocked") });
const named = (jobs: readonly NightJob[]): string[] => jobs.map(({ file, image }) => `${file} on ${image}`);
const from = "/here";

describe("the jobs of a night", () => {
  it("are each experiment on each image it names, or on the first of each of its systems", () => {
    const any = experiment({ file: "/here/experiments/any.yaml", systems: ["redis", "kvrocks"] });
    assert.deepEqual(named(nightJobs([known, any], { from })), [
      `experiments/one.yaml on ${OLD}`,
      `experiments/one.yaml on ${NEW}`,
      "experiments/any.yaml on redis:7.0.15",
      `experiments/any.yaml on ${NEW}`,
    ]);
    assert.equal(nightJobs([known, any], { from, system: "redis" }).length, 1);
  });

  it("can be on other images, where the experiment is for their system", () => {
    const any = experiment({ systems: ["redis", "kvrocks"] });
    const jobs = nightJobs([known, any], { from, images: ["valkey/valkey:8.1"] });
    assert.deepEqual(
      jobs.map(({ experiment: { systems }, system }) => [systems.length, system]),
      [[2, "redis"]],
    );
    assert.throws(() => nightJobs([any], { from, images: ["mine:1"] }), /cannot tell .* mine:1/);
    assert.equal(nightJobs([known], { from, images: ["mine:1"] })[0]?.system, "kvrocks");
  });

  const manyJobs = fc
    .array(fc.integer({ min: 1, max: 600 }), { maxLength: 40 })
    .map((lengths) =>
      lengths.flatMap((length, i) =>
        nightJobs([experiment({ file: `/here/${i}.yaml`, duration: length * 1000 })], { from }),
      ),
    );

  it("are shared out among runners: every job once, and nobody has more than one job too many", () => {
    fc.assert(
      fc.property(manyJobs, fc.integer({ min: 1, max: 7 }), (jobs, count) => {
        const shares = Array.from({ length: count }, (_, i) => shardOf(jobs, { index: i + 1, count }));
        assert.deepEqual(named(shares.flat()).sort(), named(jobs).sort());
        const times = shares.map((share) => share.reduce((sum, job) => sum + mostTime(job), 0));
        const longest = Math.max(0, ...jobs.map(mostTime));
        assert.ok(Math.max(...times) - Math.min(...times) <= longest, String(times));
      }),
    );
  });

  it("come in an order that the seed draws: the same for the same night, another for another", () => {
    const jobs = Array.from(
      { length: 20 },
      (_, i) => nightJobs([experiment({ file: `/here/${i}.yaml` })], { from })[0],
    );
    const order = (seed: string): string[] => named(nightOrder(jobs as NightJob[], seed));
    assert.deepEqual(order("20261121"), order("20261121"));
    assert.notDeepEqual(order("20261121"), order("20261122"));
    assert.deepEqual(order("20261121").sort(), named(jobs as NightJob[]).sort());
  });

  it("have a seed that is the night's date in UTC", () => {
    assert.equal(seedOfNight(new Date("2026-11-21T23:59:59Z")), "20261121");
    assert.equal(seedOfNight(new Date("2026-11-22T00:30:00+01:00")), "20261121");
  });

  it("may take all the time that each phase may take", () => {
    assert.equal(mostTime(nightJobs([experiment()], { from })[0] as NightJob), 30_000 + 3_000 + 30_000 + 7_000);
  });
});

describe("what a run must end with", () => {
  const finding = (type: string, kind: string) => ({ type, class: kind, summary: "" });
  const failed = (type: string, kind: string) => ({ verdict: "fail" as const, findings: [finding(type, kind)] });
  const passed = { verdict: "pass" as const, findings: [] };

  it("is the known bug on the affected image, and a pass on every other", () => {
    assert.deepEqual(expectationOf(known, OLD), { kind: "finding", ...only("hang", "deadlocked") });
    assert.deepEqual(expectationOf(known, NEW), { kind: "pass" });
    assert.deepEqual(expectationOf(known, "apache/kvrocks:mine"), { kind: "pass" });
  });

  it("is its finding on every image for a control, which names none", () => {
    const control = experiment({ expect: only("crash", null) });
    assert.deepEqual(expectationOf(control, "redis:7.0.15"), { kind: "finding", ...only("crash", null) });
  });

  it("is open on an affected image when the experiment does not say what must be found", () => {
    const open = experiment({ images: { affected: OLD } });
    assert.equal(judge(expectationOf(open, OLD), passed), "pass");
    assert.equal(judge(expectationOf(open, OLD), failed("hang", "slow")), "known-bug");
    assert.equal(judge(expectationOf(open, NEW), failed("hang", "slow")), "fail");
  });

  it("is any one of several types of finding, and no other", () => {
    const two = experiment({ expect: { finding: ["hang", "crash"], class: null, sometimes: false } });
    const expected = expectationOf(two, OLD);
    assert.equal(expectationText(expected), "hang or crash");
    assert.equal(judge(expected, failed("crash", "exit")), "known-bug");
    assert.equal(judge(expected, failed("divergence", "values")), "fail");
    assert.equal(judge(expected, passed), "not-reproduced");
  });

  it("may be a pass where the bug shows only sometimes, but not another finding", () => {
    const rare = experiment({ images: { affected: OLD }, expect: { ...only("hang", null), sometimes: true } });
    const expected = expectationOf(rare, OLD);
    assert.equal(expectationText(expected), "pass or hang");
    assert.equal(judge(expected, passed), "pass");
    assert.equal(judge(expected, failed("hang", "deadlocked")), "known-bug");
    assert.equal(judge(expected, failed("divergence", "values")), "fail");
    assert.equal(judge(expectationOf(rare, NEW), failed("hang", "deadlocked")), "fail");
  });

  it("decides what the verdict means", () => {
    const expected = expectationOf(known, OLD);
    assert.equal(judge(expected, failed("hang", "deadlocked")), "known-bug");
    assert.equal(judge(expected, failed("hang", "partial")), "fail");
    assert.equal(judge(expected, passed), "not-reproduced");
    for (const verdict of ["inconclusive", "error"] as const) {
      assert.equal(judge(expected, { verdict, findings: [finding("hang", "deadlocked")] }), verdict);
    }
    assert.equal(judge(expected, { verdict: "interrupted", findings: [] }), "not-run");
  });
});

describe("the runner of a night", () => {
  const run = (verdict: NightRun["verdict"], kind?: string): NightRun => ({
    folder: "../run",
    seed: "20261121",
    verdict,
    reasons: verdict === "pass" ? [] : [`${verdict} ${kind ?? ""}`.trim()],
    findings: kind === undefined ? [] : [{ type: "hang", class: kind, summary: "" }],
  });
  const hung = run("fail", "deadlocked");
  const job = (image: string): NightJob => nightJobs([known], { from, images: [image] })[0] as NightJob;

  /** Each run takes a minute of a clock that only moves when something runs. */
  function night(
    runs: NightRun[],
    { minutes = Number.POSITIVE_INFINITY, absent = null as string | null, aside = [] as NightRun[] } = {},
  ) {
    const over = new AbortController();
    let now = 0;
    const runner = new NightRunner({
      clock: { now: () => now, origin: 0n },
      budget: minutes * 60_000,
      absent: async () => absent,
      run: async () => {
        now += 60_000;
        return [...aside.splice(0), runs.shift() ?? assert.fail("one run too many")];
      },
      signal: over.signal,
    });
    return { runner, over, left: runs };
  }

  it("takes a pass as it is", async () => {
    const { runner } = night([run("pass")]);
    const { outcome, reasons, again, runs, ms } = await runner.job(job(NEW));
    assert.deepEqual(
      { outcome, reasons, again, runs: runs.length, ms },
      { outcome: "pass", reasons: [], again: null, runs: 1, ms: 60_000 },
    );
  });

  it("asks a failure three times more, keeps it whatever comes, and says how often it came back", async () => {
    const { runner, left } = night([hung, run("pass"), hung, run("pass")]);
    const entry = await runner.job(job(NEW));
    assert.equal(entry.outcome, "fail");
    assert.deepEqual([entry.again?.k, entry.again?.n, entry.runs.length, left.length], [1, 3, 4, 0]);
    assert.match(entry.reasons.join("; "), /came back in 1 of 3 \(95 %: 6 % to 79 %\) further runs/);
  });

  it("still calls it a failure when it never came back", async () => {
    const { runner } = night([hung, run("pass"), run("pass"), run("pass")]);
    const entry = await runner.job(job(NEW));
    assert.equal(entry.outcome, "fail");
    assert.match(entry.reasons.join("; "), /0 of 3/);
  });

  it("does not count another finding, nor a run that could not tell", async () => {
    const { runner } = night([hung, run("fail", "partial"), run("inconclusive"), hung]);
    const { again } = await runner.job(job(NEW));
    assert.deepEqual([again?.k, again?.n], [1, 2]);
  });

  it("takes a known bug on its affected image as what was expected", async () => {
    const { runner } = night([hung]);
    const entry = await runner.job(job(OLD));
    assert.equal(entry.outcome, "known-bug");
    assert.equal(entry.expects, "hang/deadlocked");
  });

  it("asks again for a known bug that did not show; once is enough", async () => {
    const seen = await night([run("pass"), run("pass"), hung, run("pass")]).runner.job(job(OLD));
    assert.equal(seen.outcome, "known-bug");
    assert.match(seen.reasons[0] ?? "", /hang\/deadlocked showed in 1 of 4/);
    const gone = await night([run("pass"), run("pass"), run("pass"), run("pass")]).runner.job(job(OLD));
    assert.equal(gone.outcome, "not-reproduced");
    assert.match(gone.reasons[0] ?? "", /0 of 4 .*: fixed, or/);
    const other = [run("pass"), run("fail", "partial"), run("pass"), run("pass")];
    assert.equal((await night(other).runner.job(job(OLD))).outcome, "fail");
  });

  it("judges only the run that counts, and keeps the one that others beside it may have spoilt", async () => {
    const spoilt = { ...run("inconclusive"), counts: false as const };
    const { runner } = night([hung, spoilt, run("pass"), hung], { aside: [spoilt] });
    const entry = await runner.job(job(NEW));
    assert.deepEqual(
      entry.runs.map(({ verdict }) => verdict),
      ["inconclusive", "fail", "inconclusive", "pass", "fail"],
    );
    assert.deepEqual([entry.outcome, entry.again?.k, entry.again?.n], ["fail", 1, 2]);
  });

  it("neither repeats nor passes what is inconclusive or broken", async () => {
    for (const verdict of ["inconclusive", "error"] as const) {
      const entry = await night([run(verdict)]).runner.job(job(OLD));
      assert.deepEqual([entry.outcome, entry.reasons], [verdict, [verdict]]);
    }
  });

  it("skips what does not fit in the budget, and says so; a surprise is asked again while there is time", async () => {
    const { runner } = night([hung, hung], { minutes: 3 });
    const first = await runner.job(job(NEW));
    assert.deepEqual([first.again?.k, first.again?.n], [1, 1]);
    const second = await runner.job(job(NEW));
    assert.equal(second.outcome, "skipped");
    assert.match(second.reasons[0] ?? "", /budget of 3m: 1m left, it may take 70s/);
  });

  it("says so when there was no time to ask again", async () => {
    const entry = await night([hung], { minutes: 2 }).runner.job(job(NEW));
    assert.match(entry.reasons.join("; "), /could not be asked again: the time was over/);
  });

  it("skips what has no image, with the reason, and never passes it", async () => {
    const entry = await night([], { absent: "no such image" }).runner.job(job(OLD));
    assert.deepEqual([entry.outcome, entry.reasons, entry.runs], ["skipped", ["no such image"], []]);
  });

  it("calls a run that could not even begin broken, and one after an interrupt not run", async () => {
    const { runner, over } = night([]);
    assert.equal((await runner.job(job(NEW))).outcome, "error");
    over.abort();
    assert.equal((await runner.job(job(NEW))).outcome, "not-run");
  });
});
