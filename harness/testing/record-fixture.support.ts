import type { EventOf, EventType, JournalEvent, NodeCondition, NodeState, Phase } from "../journal/events.ts";
import type { History } from "../journal/history.ts";
import { type RunRecord, recordOf } from "../journal/record.ts";
import { type Planned, planOf } from "./plan-fixture.support.ts";

/*
 * A small hand-made run for tests. Chaos 10–40 s, heal at 40 s, recovery 41–50 s (deadline 60 s), checks at 55 s, teardown at 58 s.
 *
 *   0        10             40 41      50       55   58   60
 *   ├─ warm ──┼─── chaos ────┼heal┼ recovery ┼ quiesce ┼ checks ┼ teardown
 */

const DEFAULT_CHECKS = ["no-hang", "no-crash", "one-master", "converges", "replication-progress", "recovers-within"];

export type Free<T extends EventType> = Partial<Omit<EventOf<T>, "type" | "t">>;

/** Events of a healthy run of m1, r1 and control c0; `more` is added in order of time, `without` leaves types out. */
export function fixture(
  more: readonly JournalEvent[] = [],
  options: {
    hangLimit?: number;
    without?: readonly EventType[];
    checks?: readonly string[];
    history?: History;
    /** Further keys of the plan's experiment. */
    experiment?: Planned;
  } = {},
): RunRecord {
  const { hangLimit = null, without = [], checks = DEFAULT_CHECKS, history = [], experiment = {} } = options;
  const watchdog = { hangLimit, ...experiment.watchdog };
  const events: JournalEvent[] = [
    event("run", 0, { plan: planOf({ checks: [...checks], ...experiment, watchdog }) }),
    clusterEvent(500, { m1: "master", r1: "replica", c0: "control" }),
    event("topology", 1000, {}),
    ...["m1", "r1", "c0"].map((node) => condition(2000, node, "healthy")),
    ...phase("warm-up", 2000, 10_000),
    ...phase("chaos", 10_000, 40_000),
    ...phase("heal", 40_000, 41_000),
    ...phase("recovery", 41_000, 50_000),
    event("recovery", 50_000, {}),
    ...phase("quiesce", 50_000, 55_000),
    state(54_000, "m1", "master"),
    state(54_000, "r1", "replica"),
    ...phase("checks", 55_000, 58_000),
    event("comparison", 56_000, {}),
    ...phase("teardown", 58_000, 60_000),
  ];
  const kept = events.filter((one) => !without.includes(one.type));
  return recordOf(inOrder([...kept, ...more]), { history });
}

export function condition(t: number, node: string, now: NodeCondition, more: Free<"condition"> = {}): JournalEvent {
  return { type: "condition", t, node, was: "unknown", now, since: t, why: "test", ...more };
}

export function state(t: number, node: string, role: NodeState["role"]): JournalEvent {
  return { type: "node-state", t, node, state: nodeState({ role }) };
}

/** What INFO of a node said; a replica's link is up. */
export function nodeState(more: Partial<NodeState> = {}): NodeState {
  return {
    role: "master",
    version: "7.0.15",
    link: more.role === "replica" ? "up" : "none",
    masterHost: null,
    masterPort: null,
    syncing: false,
    syncProgress: null,
    loading: false,
    offset: 1,
    lastIoSeconds: null,
    replicas: [],
    commandsProcessed: 1,
    clients: 1,
    workers: null,
    ...more,
  };
}

export function starved(from: number, to: number): JournalEvent[] {
  const events: JournalEvent[] = [];
  for (let t = from + 1000; t <= to; t += 1000) events.push(event("self", t, { starved: true }));
  return events;
}

/** An event with defaults for everything the test does not care about. */
export function event<T extends keyof typeof DEFAULTS>(type: T, t: number, more: Free<T>): JournalEvent {
  return { ...DEFAULTS[type], type, t, ...more } as JournalEvent;
}

const DEFAULTS = {
  run: {
    version: 1,
    kvchaos: "0.1.0",
    runId: "test",
    startedAt: "2025-01-01T00:00:00Z",
    command: ["kvchaos", "run", "x.yaml"],
    title: "test",
    experimentFile: "x.yaml",
    issue: null,
    seed: "s",
    system: "redis",
    image: "redis:7.0.15",
    digest: null,
    host: {},
  },
  topology: { masters: ["m1"], replicaOf: { r1: "m1" }, reason: "setup" },
  recovery: { recovered: true, ms: 9000, within: 19_000, waiting: [] },
  comparison: {
    master: "m1",
    replica: "r1",
    complete: true,
    why: null,
    masterKeys: 2,
    replicaKeys: 2,
    different: 0,
    differences: [],
    ms: 5,
  },
  self: {
    mainDelay: 1,
    probeDelay: 1,
    cpuPressure: 0,
    memoryPressure: 0,
    ioPressure: 0,
    controlMax: 1,
    controlOldest: 0,
    starved: false,
  },
  check: { name: "no-hang", valid: true, why: null, findings: [] },
  container: { node: "r1", action: "die", exitCode: 0, ours: false },
  log: { node: "r1", rule: "bug-report", line: "=== REDIS BUG REPORT START", fields: {} },
  load: { load: "set", seconds: 1, ok: 1, fail: 0, info: 0, errors: {}, latency: null, connected: 1, connections: 1 },
  "out-of-step": { load: "set", node: "m1", text: "what", command: null },
  "command-lost": { load: "commands", node: "m1", words: "GET k" },
  shutdown: { id: "stop", node: "r1", via: "sigterm", asked: 19_000, within: 5_000, ended: 19_500, exitCode: 0 },
  fault: { id: "storm", fault: "switch-master", step: "injected", targets: ["m1"] },
  evidence: {
    node: "r1",
    reason: "deadlocked",
    ms: 5,
    stoppedProcessMs: 0,
    files: [],
    summary: "captured",
    proof: null,
  },
} as const;

export function phase(name: Phase, from: number, to: number): JournalEvent[] {
  return [
    { type: "phase", t: from, phase: name, step: "begin" },
    { type: "phase", t: to, phase: name, step: "end" },
  ];
}

/** @param roles of the nodes, by name @param links "r1 -> m1" */
export function clusterEvent(
  t: number,
  roles: Readonly<Record<string, EventOf<"cluster">["nodes"][number]["role"]>>,
  links: readonly string[] = [],
): EventOf<"cluster"> {
  const shared = { image: "redis:7.0.15", digest: null, ports: { "6379": 1 }, version: "7.0.15" };
  return {
    type: "cluster",
    t,
    nodes: Object.entries(roles).map(([name, role]) => ({ name, role, container: name, ...shared })),
    links: links.map((name) => {
      const [from = "", to = ""] = name.split(" -> ");
      return { name, from, to, address: "10.0.0.9:7001" };
    }),
  };
}

export function inOrder(events: readonly JournalEvent[]): JournalEvent[] {
  return [...events].sort((a, b) => a.t - b.t);
}
