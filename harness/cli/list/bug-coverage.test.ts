import assert from "node:assert/strict";
import type { Experiment } from "../../experiment/experiment.ts";
import type { KnownBug } from "../../experiment/known-bugs.ts";
import type { VerifiedRun } from "../../report/verified/verified-run.ts";
import { bugsOf, coverage } from "./bug-coverage.ts";

const ROOT = "/here/experiments";
const bug = (id: string): KnownBug => {
  const [project, number] = id.split("#");
  const url = number === undefined ? null : `https://github.com/x/${project}/issues/${number}`;
  return { id, url, also: [], affected: "1", fixed: null, trigger: "T", symptom: "S" };
};
const experiment = (name: string, about: string, images: Experiment["images"] = {}): Experiment =>
  ({
    file: `${ROOT}/${name}`,
    issue: bug(about).url,
    tags: [],
    images,
    expect: images.affected === undefined ? null : { finding: ["hang"], class: null, sometimes: false },
  }) as unknown as Experiment;
const run = (over: Partial<VerifiedRun>): VerifiedRun => ({
  run: "r",
  experiment: "pika/one.yaml",
  seed: "1",
  system: "pika",
  image: "pika:1",
  digest: null,
  verdict: "fail",
  found: ["hang/deadlocked"],
  after: 1,
  started: "2026-11-26T12:00:00.000Z",
  kvchaos: "0.1.0",
  plan: "p",
  journal: "j",
  ...over,
});
const bugs = [bug("pika#1"), bug("pika#2"), bug("tikv#3")];
const one = experiment("pika/one.yaml", "pika#1", { affected: "pika:1", fixed: "pika:2" });
const any = experiment("any/three.yaml", "tikv#3");
const of = (runs: VerifiedRun[], stale: VerifiedRun[] = []) =>
  coverage({ bugs, experiments: [one, any], runs: [...runs, ...stale], stale: new Set(stale), root: ROOT });
const cells = (rows: string[][], column: number): string[] => rows.slice(1).map((row) => row[column] as string);

describe("the coverage of the known bugs", () => {
  it("names every bug, with its experiments or without, and counts them", () => {
    const { rows, summary } = of([]);
    assert.deepEqual(cells(rows, 0), ["pika#1", "pika#2", "tikv#3"]);
    assert.match(cells(rows, 2)[0] as string, /pika\/one\.yaml$/);
    assert.deepEqual(cells(rows, 2)[1], "-");
    assert.deepEqual(cells(rows, 3), ["-", "-", "-"]);
    assert.equal(summary, "2 of 3 rows have an experiment, 0 verified on real images");
  });

  it("is verified by what is expected on the affected image, and shows every image that was tried", () => {
    const fixed = run({
      run: "f",
      image: "pika:2",
      digest: "pika@sha256:0123456789abcdef",
      verdict: "pass",
      found: [],
    });
    const { rows, summary } = of([run({}), run({ run: "b" }), fixed]);
    assert.deepEqual(cells(rows, 3).slice(0, 2), [
      "affected pika:1 (-): hang/deadlocked 2 of 2; 2026-11-26, kvchaos 0.1.0",
      "fixed pika:2 (sha256:0123456789ab): nothing in 1; 2026-11-26, kvchaos 0.1.0",
    ]);
    assert.match(summary, /1 verified/);
  });

  it("is not verified by another finding, another image, a run without verdict, or one of the experiment as it was", () => {
    assert.match(of([run({ found: ["crash/exit"] })]).summary, /0 verified/);
    assert.match(of([run({ image: "pika:2" })]).summary, /0 verified/);
    const doubt = of([run({ verdict: "inconclusive", found: [] })]);
    assert.match(doubt.summary, /0 verified/);
    assert.match(cells(doubt.rows, 3)[0] as string, /no verdict in 1/);
    const stale = of([], [run({})]);
    assert.match(stale.summary, /0 verified/);
    assert.match(cells(stale.rows, 3)[0] as string, /^stale: affected pika:1/);
  });

  it("of a pattern is verified by any run with a verdict, and of a system's bug only on that system", () => {
    const pattern = { experiment: "any/three.yaml", verdict: "pass" as const, found: [] };
    assert.match(of([run({ ...pattern, system: "redis", image: "redis:7" })]).summary, /1 verified/);
    const rows = [bug("pika#9")];
    const experiments = [experiment("any/three.yaml", "pika#9")];
    const on = (system: string) =>
      coverage({ bugs: rows, experiments, runs: [run({ ...pattern, system })], stale: new Set(), root: ROOT }).summary;
    assert.match(on("redis"), /0 verified/);
    assert.match(on("pika"), /1 verified/);
  });

  it("can be asked for one system, with the patterns that concern all", () => {
    const all = [...bugs, bug("redis#4"), bug("valkey#5"), bug("pika/tag")];
    assert.deepEqual(
      bugsOf(all, "redis").map(({ id }) => id),
      ["tikv#3", "redis#4", "valkey#5"],
    );
    assert.deepEqual(
      bugsOf(all, "pika").map(({ id }) => id),
      ["pika#1", "pika#2", "tikv#3", "pika/tag"],
    );
  });
});
