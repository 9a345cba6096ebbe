import type { JournalEvent } from "../../journal/events.ts";
import { type RunRecord, recordOf } from "../../journal/record.ts";
import { clusterEvent, condition, event, inOrder, phase } from "../record-fixture.support.ts";
import { sampleTicks } from "./ticks.support.ts";
import { HOSTILE, sampleChecks, sampleComparison, sampleTrouble } from "./trouble.support.ts";

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
    clusterEvent(2500, { m1: "master", r1: "replica", r2: "replica", control: "control" }, LINKS),
    ...phases(end),
    ...topologies(),
    ...faults(storm),
    ...healing(),
    ...sampleTicks(end, failing),
  ];
  const why = "all probes answer";
  for (const node of ["m1", "r1", "r2"]) events.push(condition(4000, node, "healthy", { why }));
  events.push(
    condition(20_200, "r2", "paused", { was: "healthy", why: "stopped by fault pause-r2" }),
    condition(26_000, "r2", "healthy", { was: "paused", why }),
    condition(43_000, "m1", "slow", { was: "healthy", why: "median answer 140 ms" }),
    condition(46_000, "m1", "healthy", { was: "slow", why }),
  );
  if (failing) events.push(...sampleTrouble(end));
  else events.push(event("recovery", 52_000, { ms: 1800, within: 20_000 }), sampleComparison(false));
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
  return recordOf(inOrder(events), { tornLine: verdict === "none" ? 9999 : null });
}

const LINKS = ["r1 -> m1", "r2 -> m1", "client -> m1"];

function run(): JournalEvent {
  return event("run", 0, {
    runId: "20250101-120000-sample-7",
    startedAt: "2025-01-01T12:00:00.000Z",
    command: ["kvchaos", "run", "experiments/any/a sample's.yaml", "--image", "redis:7.0.15", "--seed", "7"],
    title: "Workers deadlock when the master is switched <under load>",
    experimentFile: "/work/experiments/any/sample.yaml",
    issue: "https://github.com/apache/kvrocks/issues/2512",
    why: "Two threads wait for each other, <always>",
    timeToFinding: { min: 1000, max: 4500 },
    seed: "7",
    digest: "redis@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    host: { node: "v20.20.0", kernel: "6.18.0", cpu: "AMD EPYC", cores: 2, memoryBytes: 8e9 },
    plan: {
      version: 1,
      seed: "7",
      experiment: { title: "sample", watchdog: { hangLimit: null }, recovery: { within: 20_000 } },
      faults: [{ id: "storm#1", fault: "switch-master", trigger: { kind: "at", at: 412 }, note: HOSTILE }],
    },
  });
}

function phases(end: number): JournalEvent[] {
  return [
    ...phase("setup", 100, 2600),
    ...phase("preload", 2600, 4000),
    ...phase("warm-up", 4000, 10_000),
    ...phase("chaos", 10_000, 48_000),
    ...phase("heal", 48_000, 50_000),
    ...phase("recovery", 50_000, 70_000),
    ...phase("quiesce", 70_000, 72_000),
    ...phase("checks", 72_000, 72_600),
    ...phase("teardown", end - 2400, end),
  ];
}

function topologies(): JournalEvent[] {
  const topology = (t: number, master: string, reason: string): JournalEvent => {
    const replicas = ["m1", "r1", "r2"].filter((node) => node !== master);
    const replicaOf = Object.fromEntries(replicas.map((node) => [node, master]));
    return event("topology", t, { masters: [master], replicaOf, reason });
  };
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
  const before = (node: string, offset: number): JournalEvent => {
    const told = { role: "master", master: null, link: "none", slots: null } as const;
    return { type: "before-heal", t: 48_100, node, offset, ...told };
  };
  return [
    before("m1", 1_921_000),
    before("r2", 1_604_000),
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
  const detail = "the chaos phase ended first";
  all.push(event("fault", 48_000, { id: "late", fault: "latency", step: "not-fired", targets: [], detail }));
  return all;
}
