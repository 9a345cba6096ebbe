import assert from "node:assert/strict";
import { fakeRegistries } from "../testing/fake-registries.support.ts";
import type { Experiment, FaultSpec, Trigger } from "./experiment.ts";
import { makePlan } from "./plan.ts";
import { readPlan, writePlan } from "./plan-file.ts";

const shape = { masters: ["m1"], replicas: ["r1", "r2", "r3", "r4"], links: ["r1 -> m1"] };
const range = (min: number, max = min) => ({ min, max });

const storm: FaultSpec = {
  id: "storm",
  fault: "freeze",
  trigger: { kind: "every", every: range(50, 400), count: 40, start: range(1000, 2000) },
  duration: range(10, 1000),
  params: { node: "replica", depth: range(1024, 4096) },
};
const once = (id: string, trigger: Trigger): FaultSpec => ({
  id,
  fault: "freeze",
  trigger,
  duration: null,
  params: { node: "replica" },
});

function experiment(...faults: FaultSpec[]): Experiment {
  return {
    file: "/x/experiment.yaml",
    title: 'Title: with "quotes", — dashes and 💥',
    description: null,
    why: null,
    systems: ["redis"],
    issue: null,
    tags: [],
    images: { affected: undefined, fixed: "redis:7" },
    cluster: "/x/cluster.yaml",
    config: { redis: { save: "", appendonly: "no" } },
    fullSync: null,
    limits: { fullSyncs: { most: 2, failed: null }, memory: { kind: "share", share: 0.5 } },
    cores: false,
    locks: false,
    noise: null,
    known: [],
    confirms: null,
    preload: { keys: 10, value: range(10, 20), types: ["string"] },
    load: [
      {
        name: "set",
        workload: "set",
        on: "masters",
        via: "link",
        connections: 1,
        pipeline: 1,
        rate: null,
        keys: 10,
        keyPrefix: "set:",
        value: range(1, 9),
        elements: 1,
        timeout: 100,
        record: false,
        wait: null,
      },
    ],
    benchmarks: [{ name: "redis-benchmark", on: "masters", via: "link", args: ["-c", "5", "-t", "set"] }],
    faults,
    warmUp: 1000,
    duration: 30_000,
    watchdog: {
      hangAfter: 5000,
      hangLimit: null,
      slowAfter: null,
      stallAfter: 1000,
      connections: 4,
      interval: 250,
      poll: 1000,
    },
    reconcile: "minimal",
    allow: [],
    recovery: { within: 1000 },
    checks: ["no-hang"],
    expectations: [],
    stopOn: "end",
    expect: null,
    losses: null,
    expectRoles: {},
    timeToFinding: null,
  };
}
const plan = (seed: string, ...faults: FaultSpec[]) => makePlan(experiment(...faults), seed, shape, fakeRegistries);

describe("makePlan", () => {
  it("gives the same bytes for the same seed, and others for another", () => {
    assert.equal(writePlan(plan("7", storm)), writePlan(plan("7", storm)));
    assert.notEqual(writePlan(plan("7", storm)), writePlan(plan("8", storm)));
  });

  it("draws times, durations and parameters within their ranges", () => {
    let before = 0;
    const { faults } = plan("7", storm);
    assert.deepEqual(
      faults.map(({ id }) => id),
      Array.from({ length: 40 }, (_, index) => `storm#${index + 1}`),
    );
    faults.forEach(({ trigger, duration, params }, index) => {
      assert.equal(trigger.kind, "at");
      const at = trigger.kind === "at" ? trigger.at : 0;
      const [min, max] = index === 0 ? [1000, 2000] : [50, 400];
      assert.ok(
        at - before >= min && at - before <= max,
        `start ${index} comes ${at - before} ms after the one before`,
      );
      before = at;
      assert.ok(duration !== null && duration >= 10 && duration <= 1000);
      const { depth, node, occurrence } = params as { depth: number; node: string; occurrence: number };
      assert.ok(Number.isInteger(depth) && depth >= 1024 && depth <= 4096);
      assert.ok(shape.replicas.includes(node));
      assert.equal(occurrence, index);
    });
  });

  it("uses all of a range, not one value of it", () => {
    const nodes = new Set(plan("7", storm).faults.map(({ params }) => (params as { node: string }).node));
    assert.equal(nodes.size, shape.replicas.length);
  });

  it("leaves other faults alone when one is added or taken away", () => {
    const other = once("other", { kind: "at", at: range(0, 20_000) });
    const alone = plan("7", storm).faults;
    assert.deepEqual(plan("7", other, storm).faults.slice(1), alone);
    assert.deepEqual(plan("7", storm, other).faults.slice(0, -1), alone);
  });

  it("leaves earlier occurrences alone when there are more of them", () => {
    const shorter = { ...storm, trigger: { ...storm.trigger, count: 5 } as Trigger };
    assert.deepEqual(plan("7", shorter).faults, plan("7", storm).faults.slice(0, 5));
  });

  it("draws fractions as fractions", () => {
    const when: Trigger = {
      kind: "when",
      when: { kind: "state", node: "r1", state: "full-sync", progress: range(0.1, 0.9) },
      delay: range(0),
      count: 1,
    };
    const { trigger } = plan("7", once("cut", when)).faults[0] ?? assert.fail();
    assert.ok(trigger.kind === "when" && trigger.when.kind === "state" && trigger.when.progress !== null);
    assert.ok(trigger.when.progress > 0.1 && trigger.when.progress < 0.9);
  });

  it("draws bytes whole", () => {
    const when: Trigger = {
      kind: "when",
      when: { kind: "sync-bytes", node: "r1", bytes: range(5e6, 20e6) },
      delay: range(0),
      count: 1,
    };
    const { trigger } = plan("7", once("cut", when)).faults[0] ?? assert.fail();
    assert.ok(trigger.kind === "when" && trigger.when.kind === "sync-bytes");
    assert.ok(trigger.when.bytes > 5e6 && trigger.when.bytes < 20e6 && Number.isInteger(trigger.when.bytes));
  });

  it("takes 'after' a repeated fault as after its last occurrence", () => {
    const late = once("late", { kind: "after", after: "storm", delay: range(100, 200) });
    const { trigger } = plan("7", storm, late).faults.at(-1) ?? assert.fail();
    assert.ok(trigger.kind === "after");
    assert.equal(trigger.after, "storm#40");
  });

  it("counts pauses on from one occurrence to the next", () => {
    const when: Trigger = { kind: "when", when: { kind: "pause", fault: "hold", nth: 2 }, delay: range(0), count: 3 };
    const nths = plan("7", once("cut", when)).faults.map(
      ({ trigger }) => trigger.kind === "when" && trigger.when.kind === "pause" && trigger.when.nth,
    );
    assert.deepEqual(nths, [2, 4, 6]);
  });

  it("fills in the duration that a fault has of its own", () => {
    const cut: FaultSpec = {
      ...once("cut", { kind: "at", at: range(0) }),
      fault: "cut",
      params: { links: ["r1 -> m1"], pause: range(700) },
    };
    assert.equal(plan("7", cut).faults[0]?.duration, 700);
    assert.equal(plan("7", { ...cut, duration: range(50) }).faults[0]?.duration, 50);
  });
});

describe("expectations of a plan", () => {
  const expected = (...nodes: string[]): Experiment => ({
    ...experiment(storm),
    expectations: nodes.map((node, i) => ({
      ...{ id: `e${i}`, node, what: { kind: "full-sync-done" }, when: { kind: "while", of: "storm" } },
    })),
  });
  const planned = (one: Experiment) => makePlan(one, "7", shape, fakeRegistries);

  it("have their node drawn, and change nothing of the faults", () => {
    const { experiment: resolved, faults } = planned(expected("m1", "any-replica", "master"));
    assert.match(resolved.expectations.map(({ node }) => node).join(" "), /^m1 replica\/[0-3] master$/);
    assert.deepEqual(faults, plan("7", storm).faults);
  });

  it("read back as they were written; a plan of before has none", () => {
    const full = planned(expected("m1", "any-replica"));
    assert.deepEqual(readPlan(writePlan(full), "plan.yaml", fakeRegistries), full);
    const old = writePlan(plan("7", storm)).replace(/^ *expectations: \[\]\n/m, "");
    assert.ok(!old.includes("expectations"));
    assert.deepEqual(readPlan(old, "plan.yaml", fakeRegistries), plan("7", storm));
  });
});

describe("plan files", () => {
  const when: Trigger = {
    kind: "when",
    when: { kind: "log", node: "r1", pattern: "full sync: [0-9]+%", nth: 3 },
    delay: range(5),
    count: 2,
  };
  const up: Trigger = {
    kind: "when",
    when: { kind: "since-start", node: "replica", after: range(20_000, 40_000) },
    delay: range(0),
    count: 2,
  };
  const full = plan(
    "0123",
    storm,
    once("log", when),
    once("up", up),
    once("then", { kind: "after", after: "log", delay: range(0) }),
  );
  const text = writePlan(full);
  const refused = (broken: string): string => {
    try {
      readPlan(broken, "plan.yaml", fakeRegistries);
    } catch (error) {
      return (error as Error).message;
    }
    return assert.fail("the plan was accepted");
  };
  const lineOf = (needle: string): number => text.slice(0, text.indexOf(needle)).split("\n").length;

  it("read back as the same plan", () => {
    assert.deepEqual(readPlan(text, "plan.yaml", fakeRegistries), full);
    assert.equal(writePlan(readPlan(text, "plan.yaml", fakeRegistries)), text);
  });

  it("hold the time since a start as it was drawn", () => {
    const times = full.faults.flatMap(({ trigger }) =>
      trigger.kind === "when" && trigger.when.kind === "since-start" ? [trigger.when.after] : [],
    );
    assert.equal(times.length, 2);
    assert.ok(times.every((ms) => ms >= 20_000 && ms <= 40_000 && Number.isInteger(ms)) && times[0] !== times[1]);
  });

  it("of before there was nth mean the first line", () => {
    const { trigger } =
      readPlan(text.replaceAll(/^ *nth: 3\n/gm, ""), "plan.yaml", fakeRegistries).faults.find(
        ({ id }) => id === "log#1",
      ) ?? assert.fail();
    assert.ok(trigger.kind === "when" && trigger.when.kind === "log");
    assert.equal(trigger.when.nth, 1);
  });

  it("are refused with line and column", () => {
    assert.deepEqual(refused(text.replace("warmUp: 1000", "warmUp: 1s")).split("\n"), [
      `plan.yaml:${lineOf("warmUp")}:11: expected a number, got "1s"`,
    ]);
    assert.match(
      refused(text.replace("fault: freeze", "fault: freze")),
      new RegExp(`^plan.yaml:${lineOf("fault: freeze")}:12: unknown fault "freze"; did you mean "freeze"`),
    );
    assert.match(refused(text.replace("id: storm#2\n", "id: storm#1\n")), /the id "storm#1" is there twice/);
    assert.match(refused(text.replace("after: log#2", "after: log#3")), /unknown fault id "log#3"/);
    assert.match(refused(text.replace("version: 1", "version: 2")), /^plan.yaml:2:10: expected 1, got 2/);
    assert.match(refused(""), /^plan.yaml:1:1: /);
  });
});
