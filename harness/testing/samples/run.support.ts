import type { JournalEvent } from "../../journal/events.ts";
import { type RunRecord, recordOf } from "../../journal/record.ts";
import { sampleTicks } from "./ticks.support.ts";
import {
  sampleCondition as condition,
  HOSTILE,
  sampleChecks,
  sampleComparison,
  sampleTrouble,
} from "./trouble.support.ts";

export { HOSTILE } from "./trouble.support.ts";

/*
 * Test support: a made-up run of one master and two replicas. r1 deadlocks at 32 s after a storm of master switches,
 * r2 ends with other data; server text is hostile. 75 s, or longer with `seconds`.
 */

export interface SampleOptions {
  verdict?: "fail" | "pass" | "inconclusive" | "error" | "none";
  seconds?: number;
  /** How often the storm fault occurs. */
  storm?: number;
}

export function sampleRun({ verdict = "fail", seconds = 75, storm = 12 }: SampleOptions = {}): RunRecord {
  const failing = verdict === "fail";
  const end = seconds * 1000;
  const events: JournalEvent[] = [
    run(),
    cluster(),
    ...phases(end),
    ...topologies(),
    ...faults(storm),
    ...healing(),
    ...sampleTicks(end, failing),
  ];
  for (const node of ["m1", "r1", "r2"]) events.push(condition(4000, node, "unknown", "healthy", "all probes answer"));
  events.push(
    condition(20_200, "r2", "healthy", "paused", "stopped by fault pause-r2"),
    condition(26_000, "r2", "paused", "healthy", "all probes answer"),
    condition(43_000, "m1", "healthy", "slow", "median answer 140 ms"),
    condition(46_000, "m1", "slow", "healthy", "all probes answer"),
  );
  if (failing) events.push(...sampleTrouble(end));
  else
    events.push(
      { type: "recovery", t: 52_000, recovered: true, ms: 1800, within: 20_000, waiting: [] },
      sampleComparison(false),
    );
  if (verdict !== "none") {
    events.push(...sampleChecks(failing, end));
    const reasons = {
      pass: [],
      fail: ["r1 did not answer"],
      error: ["the image could not be had"],
      inconclusive: ["fault cut-1 had no measured effect: 0 bytes", "one-master: r1 did not tell its role"],
    };
    events.push({ type: "verdict", t: end - 2500, verdict, reasons: reasons[verdict] });
  }
  return recordOf(
    events.sort((a, b) => a.t - b.t),
    { tornLine: verdict === "none" ? 9999 : null },
  );
}

function run(): JournalEvent {
  return {
    type: "run",
    t: 0,
    version: 1,
    kvchaos: "0.1.0",
    runId: "20250101-120000-sample-7",
    startedAt: "2025-01-01T12:00:00.000Z",
    command: ["kvchaos", "run", "experiments/any/a sample's.yaml", "--image", "redis:7.0.15", "--seed", "7"],
    title: "Workers deadlock when the master is switched <under load>",
    experimentFile: "/work/experiments/any/sample.yaml",
    issue: "https://github.com/apache/kvrocks/issues/2512",
    why: "Two threads wait for each other, <always>",
    timeToFinding: { min: 1000, max: 4500 },
    seed: "7",
    system: "redis",
    image: "redis:7.0.15",
    digest: "redis@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    host: { node: "v20.20.0", kernel: "6.18.0", cpu: "AMD EPYC", cores: 2, memoryBytes: 8e9 },
    plan: {
      version: 1,
      seed: "7",
      experiment: { title: "sample", watchdog: { hangLimit: null }, recovery: { within: 20_000 } },
      faults: [{ id: "storm#1", fault: "switch-master", trigger: { kind: "at", at: 412 }, note: HOSTILE }],
    },
  };
}

function cluster(): JournalEvent {
  const node = (name: string, role: "master" | "replica" | "control", i: number) => ({
    name,
    role,
    container: `kvchaos-sample-${name}`,
    image: "redis:7.0.15",
    digest: null,
    ports: { "6379": 40_000 + i },
    version: "7.0.15",
  });
  const nodes = [
    node("m1", "master", 0),
    node("r1", "replica", 1),
    node("r2", "replica", 2),
    node("control", "control", 3),
  ];
  const links = ["r1 -> m1", "r2 -> m1", "client -> m1"].map((name) => {
    const [from = "", to = ""] = name.split(" -> ");
    return { name, from, to, address: "10.0.0.9:7001" };
  });
  return { type: "cluster", t: 2500, nodes, links };
}

function phases(end: number): JournalEvent[] {
  const spans = [
    ["setup", 100, 2600],
    ["preload", 2600, 4000],
    ["warm-up", 4000, 10_000],
    ["chaos", 10_000, 48_000],
    ["heal", 48_000, 50_000],
    ["recovery", 50_000, 70_000],
    ["quiesce", 70_000, 72_000],
    ["checks", 72_000, 72_600],
    ["teardown", end - 2400, end],
  ] as const;
  return spans.flatMap(([phase, from, to]): JournalEvent[] => [
    { type: "phase", t: from, phase, step: "begin" },
    { type: "phase", t: to, phase, step: "end" },
  ]);
}

function topologies(): JournalEvent[] {
  const topology = (t: number, master: string, reason: string): JournalEvent => ({
    type: "topology",
    t,
    masters: [master],
    replicaOf: Object.fromEntries(["m1", "r1", "r2"].filter((node) => node !== master).map((node) => [node, master])),
    reason,
  });
  return [
    topology(2500, "m1", "setup"),
    topology(14_000, "r1", "storm#3"),
    topology(18_000, "m1", "storm#4"),
    topology(30_500, "r2", "storm#9"),
    topology(33_000, "m1", "storm#10"),
  ];
}

/** r2 came back from its kill as a master; heal saw it, and told it. */
function healing(): JournalEvent[] {
  const before = (node: string, role: "master" | "replica", master: string | null, offset: number): JournalEvent => ({
    ...{
      type: "before-heal",
      t: 48_100,
      node,
      role,
      master,
      link: master === null ? "none" : "up",
      offset,
      slots: null,
    },
  });
  return [
    before("m1", "master", null, 1_921_000),
    before("r2", "master", null, 1_604_000),
    {
      type: "repair",
      t: 49_500,
      node: "r2",
      by: "heal",
      why: `should replicate from m1 and is a master ${HOSTILE}`,
      told: ["REPLICAOF 10.0.0.9 7001", HOSTILE],
    },
    { ...sampleComparison(true), t: 49_400, before: "heal" } as JournalEvent,
  ];
}

function faults(storm: number): JournalEvent[] {
  const all: JournalEvent[] = [];
  const add = (
    id: string,
    fault: string,
    from: number,
    to: number,
    targets: string[],
    summary: string,
    measured = true,
  ) => {
    const event = { type: "fault" as const, id, fault };
    all.push(
      { ...event, t: from, step: "inject", targets: [], params: { note: "x" } },
      { ...event, t: from + 40, step: "injected", targets, ms: 40 },
      { ...event, t: Math.max(from + 50, to - 200), step: "effect", targets, effect: { measured, summary } },
    );
    if (to > from + 100) all.push({ ...event, t: to - 50, step: "heal", targets: [] });
    all.push({ ...event, t: to, step: "healed", targets: [], ms: 50 });
  };
  for (let i = 0; i < storm; i++) {
    const at = 10_400 + (i * 27_000) / storm;
    add(`storm#${i + 1}`, "switch-master", at, at + 90, ["m1", "r1"], `master moved in 40 ms ${HOSTILE}`);
  }
  add("cut", "partition", 15_000, 24_000, ["r1 -> m1"], "0 bytes passed r1 -> m1 in 9.0 s (before: 1.2 kB/s)");
  add("pause-r2", "pause", 20_000, 25_800, ["r2"], "no answer for 5.8 s");
  add("flush", "flushall", 36_000, 36_050, ["m1"], "20,000 keys before, 0 after");
  add("kill-r2", "kill", 40_000, 42_000, ["r2"], "exit code 137", false);
  all.push({
    type: "fault",
    t: 48_000,
    id: "late",
    fault: "latency",
    step: "not-fired",
    targets: [],
    detail: "the chaos phase ended first",
  });
  return all;
}
