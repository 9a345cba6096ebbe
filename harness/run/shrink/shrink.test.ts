import assert from "node:assert/strict";
import { seededRandom } from "../../base/random.ts";
import type { Plan } from "../../journal/plan.ts";
import type { Attempt } from "../campaign/attempts.ts";
import { type Document, entriesOf } from "./document.ts";
import { shrink, type Tried } from "./shrink.ts";
import { rangeOf } from "./simpler-values.ts";

const HANG: Attempt = { verdict: "fail", findings: [{ type: "hang", class: "deadlocked", from: 1 }] };
const PASS: Attempt = { verdict: "pass", findings: [] };

interface Server {
  /** The chance that a run of this document fails. */
  fails(document: Document): number;
  seed?: string;
  jobs?: number;
  /** Runs for which there is time. */
  most?: number;
  earlier?: readonly Tried[];
}

async function shrinkOn(start: Document, { fails, seed = "1", jobs = 1, most = 10_000, earlier = [] }: Server) {
  const random = seededRandom(seed);
  const tried: Tried[] = [];
  let runs = 0;
  const result = await shrink(
    start,
    {
      planOf: async (document) => ({ faults: entriesOf(document, "faults"), document }) as unknown as Plan,
      shows: ({ verdict }) => verdict === "fail",
      earlier,
      onTried: (one) => tried.push(one),
    },
    {
      run: async (plan) => (random.next() < fails((plan as unknown as { document: Document }).document) ? HANG : PASS),
      late: () => runs++ >= most,
      signal: new AbortController().signal,
      jobs,
    },
  );
  return { ...result, tried };
}

const faultsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `f${i}`, fault: "pause", at: `${i}s`, node: "m1" }));
const idsOf = (document: Document | null): unknown[] => entriesOf(document ?? {}, "faults").map(({ id }) => id);
const has = (document: Document, ids: readonly string[]): boolean => ids.every((id) => idsOf(document).includes(id));

describe("shrinking an experiment", () => {
  it("ends with faults that come more often where a few of them seldom fail", async () => {
    const often = (one: Document): number =>
      Math.max(0, ...entriesOf(one, "faults").map(({ count }) => Number(count ?? 1)));
    const { smallest, counted } = await shrinkOn(
      { faults: [...faultsOf(6), { id: "s", fault: "switch-master", at: "2s", to: "r1" }], duration: "10s" },
      { fails: (one) => (has(one, ["s", "f3"]) ? Math.min(1, 0.45 + 0.05 * often(one)) : 0) },
    );
    assert.deepEqual(idsOf(smallest).sort(), ["f3", "s"]);
    assert.ok(counted.failed / (counted.failed + counted.passed) >= 0.9, JSON.stringify([counted, smallest]));
    assert.ok(entriesOf(smallest ?? {}, "faults").some(({ every, at }) => every === "500ms" && at === undefined));
  });

  it("leaves the faults that it takes, and nothing else that can be left out", async () => {
    const start = {
      cluster: "x.yaml",
      preload: { keys: 20_000, value: "1KB" },
      config: { redis: { save: "", appendonly: "yes" } },
      load: [{ workload: "set", connections: 16 }, { workload: "hset" }],
      faults: faultsOf(12),
      duration: "60s",
    };
    const { smallest, counted, complete } = await shrinkOn(start, {
      fails: (one) => {
        const { config, duration, load } = one as { config?: { redis?: object }; duration?: string; load?: unknown[] };
        const enough = duration === undefined || Number.parseFloat(duration) >= 10 || duration.endsWith("m");
        return Number(
          has(one, ["f3", "f7"]) &&
            config?.redis !== undefined &&
            "appendonly" in config.redis &&
            enough &&
            (load?.length ?? 0) > 0,
        );
      },
    });
    assert.deepEqual(smallest, {
      cluster: "x.yaml",
      config: { redis: { appendonly: "yes" } },
      load: [{ workload: "hset" }],
      faults: [
        { id: "f3", fault: "pause", at: "800ms" },
        { id: "f7", fault: "pause", at: "2s" },
      ],
      duration: "10s",
      "stop-on": "first-finding",
    });
    assert.deepEqual([counted.failed, counted.passed, complete], [10, 0, true]);
  });

  it("finds the true minimum of a failure that comes and goes, 95 times of 100 and more", async () => {
    const random = seededRandom("minimum");
    const needs = Array.from({ length: 100 }, (_, index) => ({
      index,
      count: random.int(4, 40),
      needed: random.int(1, 3),
      often: random.between(0.4, 1),
      noise: random.between(0, 0.01),
    }));
    let right = 0;
    for (const { index, count, needed, often, noise } of needs) {
      const pick = random.fork(String(index));
      const ids = new Set<string>();
      while (ids.size < needed) ids.add(`f${pick.int(0, count - 1)}`);
      const { smallest } = await shrinkOn(
        { cluster: "x", faults: faultsOf(count) },
        {
          fails: (one) => (has(one, [...ids]) ? often : noise),
          seed: `run/${index}`,
          jobs: pick.int(1, 3),
        },
      );
      if (JSON.stringify(idsOf(smallest).sort()) === JSON.stringify([...ids].sort())) right++;
    }

    assert.ok(right >= 95, `${right} of 100`);
  });

  it("comes from forty faults to six at most in twenty minutes, three runs at a time, each 25 s and its chaos", async () => {
    const faults = faultsOf(40);
    const seconds = (written: unknown): number => (rangeOf(written)?.min ?? 0) / 1000;
    for (const [needed, share] of [
      [["f1", "f9", "f17", "f33", "f39"], 1],
      [["f2", "f20", "f38"], 1],
      [["f3", "f21"], 0.8],
    ] as const) {
      let time = 0;
      const random = seededRandom("forty");
      const { smallest } = await shrink(
        { faults, duration: "45s" },
        {
          planOf: async (document) => ({ faults: entriesOf(document, "faults"), document }) as unknown as Plan,
          shows: ({ verdict }) => verdict === "fail",
          came: async ({ findings }) => findings.map(({ type }) => type),
          earlier: [],
          onTried: () => {},
        },
        {
          run: async (plan): Promise<Attempt> => {
            const { document } = plan as unknown as { document: Document };
            const own = entriesOf(document, "faults");
            const last = own.findIndex(({ id }) => id === needed.at(-1));
            const fails = has(document, needed) && random.next() < share;
            // The run ends with the fault that makes it fail, where one finding is enough.
            time += (25 + (fails && document["stop-on"] ? seconds(own[last]?.at) : seconds(document.duration))) / 3;
            const came = own.slice(0, last + 1).map(({ id }) => ({ type: id, class: "", from: 0 }));
            return fails ? { ...HANG, findings: came as unknown as Attempt["findings"] } : PASS;
          },
          late: () => time > 20 * 60,
          signal: new AbortController().signal,
          jobs: 3,
        },
      );
      assert.ok(has(smallest ?? {}, needed) && idsOf(smallest).length <= 6, `${needed}: ${idsOf(smallest)}`);
    }
  });

  it("takes faults and expectations out with what they wait for", async () => {
    const start = {
      cluster: "x",
      faults: [
        { id: "a", fault: "pause", at: "1s" },
        { id: "b", fault: "pause", after: "a" },
        { id: "c", fault: "pause", after: "b" },
        { id: "d", fault: "pause", at: "2s" },
      ],
      expectations: [
        { node: "m1", state: "master", while: "c" },
        { node: "m1", state: "master", of: "d", within: "1s" },
      ],
    };
    const { smallest, tried } = await shrinkOn(start, { fails: (one) => Number(has(one, ["d"])) });
    assert.deepEqual(smallest, { cluster: "x", faults: [{ id: "d", fault: "pause", at: "2s" }] });
    const proposed = tried.flatMap(({ what }) => /^faults: \d+ \((.*)\)$/.exec(what)?.[1]?.split(", ") ?? []);
    assert.ok(proposed.length > 0);
    for (const { what } of tried) if (/\bc\b/.test(what)) assert.match(what, /\bb, c\b/);
  });

  it("says so when the whole does not fail again", async () => {
    const { smallest, whole, runs } = await shrinkOn({ cluster: "x", faults: faultsOf(3) }, { fails: () => 0 });
    assert.deepEqual([smallest, whole.passed, runs], [null, 10, 10]);
  });

  it("gives the best so far when the time is over, and goes on from there without a run twice", async () => {
    const start = { cluster: "x", faults: faultsOf(20) };
    const fails = (one: Document) => Number(has(one, ["f13"]));
    const first = await shrinkOn(start, { fails, most: 12 });
    assert.equal(first.complete, false);
    assert.ok(idsOf(first.smallest).length < 20);
    const whole = await shrinkOn(start, { fails });
    const second = await shrinkOn(start, { fails, earlier: first.tried });
    assert.deepEqual(second.smallest, whole.smallest);
    assert.equal(first.tried.length + second.tried.length, whole.tried.length);
  });

  it("does not take a run that says nothing for one that passes", async () => {
    const { smallest } = await shrink(
      { cluster: "x", faults: faultsOf(2) },
      {
        planOf: async (document) => ({ faults: [], document }) as unknown as Plan,
        shows: ({ verdict }) => verdict === "fail",
        earlier: [],
        onTried: ({ outcome }) => assert.notEqual(outcome, "passed"),
      },
      {
        run: async (plan) => {
          const { document } = plan as unknown as { document: Document };
          return has(document, ["f0", "f1"]) ? HANG : { verdict: "inconclusive", findings: [] };
        },
        signal: new AbortController().signal,
      },
    );
    assert.deepEqual(idsOf(smallest), ["f0", "f1"]);
  });
});
