import { z } from "zod";
import { expectationSchema, TRIGGER_STATES } from "./expectation.ts";
import { limitsSchema, NO_LIMITS } from "./limits.ts";
import { drawnCommands } from "./loads/drawn-commands.ts";
import { keySpaceSchema } from "./loads/key-space.ts";
import { bounds, preloadSpec } from "./loads/preload-spec.ts";
import { timeToLiveSchema } from "./time-to-live.ts";
import { topologySchema } from "./topology.ts";

/*
 *   experiment + seed ─► planner ─► plan.yaml, `run` event ─► replay, checks, reports, repro.sh
 *
 * Times are milliseconds, sizes bytes. What has a default came later: plans of before mean that.
 */

export const SYSTEM_NAMES = ["kvrocks", "pika", "redis"] as const;
export type SystemName = (typeof SYSTEM_NAMES)[number];

/** How far the heal phase restores roles. */
export const RECONCILES = ["minimal", "operator", "none"] as const;

const ms = z.number().min(0);
const nameList = z.array(z.string());
/** Masters and replicas are followed when they change. */
const loadedNodes = z.union([z.enum(["masters", "replicas"]), nameList]);
/**
 * How clients reach the nodes of a load, or each of them: through its client link (Toxiproxy), or straight at its published port. Plans of
 * before had links only.
 */
const ways = z.enum(["link", "direct"]);
const via = z.union([ways, z.record(z.string(), ways)]).default("link");
const serverSettings = z.record(z.string(), z.string()).optional();

const loadSpec = z.strictObject({
  /** Unique: the workload's name, or "name#2". */
  name: z.string(),
  workload: z.string(),
  on: loadedNodes,
  via,
  connections: z.int().min(1),
  /** Commands in flight per connection. */
  pipeline: z.int().min(1),
  /** Operations per second over all connections (open loop), or null: as fast as replies come (closed loop). */
  rate: z.number().positive().nullable(),
  /** Number of distinct keys. */
  keys: z.int().min(1),
  keyPrefix: z.string(),
  /** Where masters share the key space: in how many slots of each shard its keys are. Absent: load/in-slots.ts says it. */
  slots: z.int().min(1).optional(),
  /** Bytes of a value, drawn from the seed within the range. */
  value: bounds,
  /** Elements of a collection key (members of a zset, fields of a hash). */
  elements: z.int().min(1),
  /** After which an unanswered operation counts as `info` (its connection is replaced). */
  timeout: ms,
  /** Every operation goes into the run's history, and every written value names its write. */
  record: z.boolean().default(false),
  /** Each recorded write is followed by WAIT on its connection: for this many replicas, for `within` ms at most. */
  wait: z
    .strictObject({ replicas: z.int().min(1), within: ms })
    .nullable()
    .default(null),
  /** Of which keys, where there are several sets of them: a load is placed in each. */
  space: keySpaceSchema.optional(),
  /** Keys that expire; absent: none does. */
  ttl: timeToLiveSchema.optional(),
  /** Of a workload that draws from the server's command table: which ones, and how often (load/commands/choice.ts). */
  commands: drawnCommands.optional(),
});

/** Pressure by the real redis-benchmark beside our own loads: its operations are counted, not recorded. */
const benchmarkSpec = z.strictObject({
  /** Unique among the loads. */
  name: z.string(),
  on: loadedNodes,
  via,
  /** As given, without those that say where to connect. */
  args: nameList,
});

const watchdogSettings = z.strictObject({
  /** No answer for this long: the node's condition is confirmed. */
  hangAfter: ms,
  /** A hang that lasted longer is a finding even if it ends before heal + recovery. null: only those that outlive recovery. */
  hangLimit: ms.nullable(),
  /** Probe answers slower than this (median of the last 3 s) are `slow`. null: calibrated in warm-up. */
  slowAfter: ms.nullable(),
  /** A replica whose offset does not move for this long while its master's does is `stalled`. */
  stallAfter: ms,
  /** Established probe connections per node. */
  connections: z.int().min(1),
  /** Between two questions on one connection. */
  interval: ms,
  /** Between two INFO polls of one node; watching must not be the fault. */
  poll: ms,
});

/** A run must find one of these types. */
const expectedFinding = z.strictObject({
  // One type in plans of version 0.1.0's beginning.
  finding: z.union([nameList.min(1), z.string().transform((type) => [type])]),
  /** Of the only type there is. */
  class: z.string().nullable(),
  /** The bug does not show in every run: a run without it is no failure, one with another finding is. */
  sometimes: z.boolean().default(false),
});

const experiment = {
  /** Absolute path. */
  file: z.string(),
  title: z.string(),
  description: z.string().nullable(),
  /** In a sentence or two: why it should fail where it does, or what it proves. */
  why: z.string().nullable().default(null),
  /** Systems it makes sense on. */
  systems: z.array(z.enum(SYSTEM_NAMES)),
  issue: z.string().nullable(),
  tags: nameList,
  images: z.strictObject({
    affected: z.string().optional(),
    fixed: z.string().optional(),
    /** Nodes with an image of their own: a map of nodes to images. Absent: all run on the run's. */
    nodes: z.record(z.string(), z.string()).optional(),
  }),
  /** Absolute path of the Compose file, or the topology that one is made of. */
  cluster: z.union([z.string(), topologySchema]),
  /** Server configuration per system, merged over the Compose file's. */
  config: z.strictObject({ kvrocks: serverSettings, pika: serverSettings, redis: serverSettings }).partial(),
  preload: preloadSpec.nullable(),
  /** "force": servers are configured to copy all data, and a run in which no full sync began is inconclusive. */
  fullSync: z.literal("force").nullable().default(null),
  /** A server that dies leaves a core. */
  cores: z.boolean().default(false),
  /** Every server is started with the library that writes its lock graph down. */
  locks: z.boolean().default(false),
  /** Random short pauses where locks are asked for; `longest` in us. */
  noise: z
    .strictObject({ probability: z.number().min(0).max(1), longest: z.number().positive() })
    .nullable()
    .default(null),
  /** Predictions that are no news, by their signatures. */
  known: z.array(z.strictObject({ prediction: z.string(), why: z.string() })).default([]),
  /** The run is made to bring about what an earlier one has foretold. */
  confirms: z
    .strictObject({
      run: z.string(),
      signature: z.string(),
      node: z.string(),
      /** As they come in the cycle: each waits for the next one. */
      sides: z.array(
        z.strictObject({
          /** Its name; digits of a pool's are one "#". */
          thread: z.string(),
          waits: z.enum(["join", "mutex", "rwlock", "spin"]),
          /** The function that it waits in; null: that has no name to know it by. */
          place: z.string().nullable(),
        }),
      ),
      /** "a pause of 2.5 s before …", as findings tell it. */
      pause: z.string(),
    })
    .nullable()
    .default(null),
  /** How many databases loads, preload and comparisons use; absent: one. */
  databases: z.int().min(1).optional(),
  /** The same of namespaces. */
  namespaces: z.int().min(1).optional(),
  load: z.array(loadSpec),
  benchmarks: z.array(benchmarkSpec).default([]),
  warmUp: ms,
  /** Length of the chaos phase. */
  duration: ms,
  watchdog: watchdogSettings,
  recovery: z.strictObject({ within: ms }),
  /** What the heal phase tells the servers once the faults are healed. Before it could be said, every one its role again. */
  reconcile: z.enum(RECONCILES).default("operator"),
  /** Error kinds that clients may get to the very end. */
  allow: nameList.default([]),
  checks: nameList,
  /** What must come about on the way. */
  expectations: z.array(expectationSchema).default([]),
  /** How much of what servers may do. */
  limits: limitsSchema.default(NO_LIMITS),
  /** Which acknowledged writes may get lost; null: "unconfirmed", what asynchronous replication promises. */
  losses: z.enum(["none", "any"]).nullable().default(null),
  /** Node → "master", "replica", the name of its master, or "any": in the end, whatever the topology says. */
  expectRoles: z.record(z.string(), z.string()).default({}),
  stopOn: z.enum(["first-finding", "end"]),
  /** What a deliberately broken run must find (controls, known bugs). */
  expect: expectedFinding.nullable(),
  /** From the beginning of chaos to that of the finding, typically. */
  timeToFinding: bounds.nullable().default(null),
};

/** A state of a node, bytes of its full sync, lines of its log, the time since its server was started, or a thread's pause, that start a fault. */
const plannedCondition = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("state"),
    node: z.string(),
    state: z.enum(TRIGGER_STATES),
    progress: z.number().min(0).max(1).nullable(),
  }),
  z.strictObject({ kind: z.literal("sync-bytes"), node: z.string(), bytes: z.number().positive() }),
  /** `nth`: of the matching lines that come while it is waited for, counted from 1. */
  z.strictObject({ kind: z.literal("log"), node: z.string(), pattern: z.string(), nth: z.int().min(1).default(1) }),
  /** `after`: since its server was last started. */
  z.strictObject({ kind: z.literal("since-start"), node: z.string(), after: ms }),
  /** `fault`: id of a pause-thread fault, of any occurrence of it. `nth`: of the pauses that begin while it is waited for. */
  z.strictObject({ kind: z.literal("pause"), fault: z.string(), nth: z.int().min(1) }),
]);

/** One occurrence of a fault with every choice made. */
const plannedFault = z.strictObject({
  /** "storm#12"; a fault that happens once keeps its plain id. */
  id: z.string().min(1),
  fault: z.string(),
  /** Times since the chaos phase began. */
  trigger: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("at"), at: ms }),
    z.strictObject({ kind: z.literal("after"), after: z.string(), delay: ms }),
    z.strictObject({ kind: z.literal("when"), when: plannedCondition, delay: ms }),
  ]),
  /** How long a lasting fault stays. null: until the heal phase. */
  duration: ms.nullable(),
  /** Each fault has its own schema of them (faults/parameters.ts). */
  params: z.record(z.string(), z.unknown()),
});

/** Experiment + seed, resolved, as plan.yaml holds it: a key that is not known is a mistake. */
export const planSchema = z.strictObject({
  version: z.literal(1),
  seed: z.string(),
  experiment: z.strictObject(experiment),
  faults: z.array(plannedFault),
});
/** As a journal holds it: that of a later version may say more. */
const journaledPlan = z.object({ ...planSchema.shape, experiment: z.object(experiment) });

/** Plain data: the same experiment and seed give the same bytes. */
export type Plan = z.infer<typeof planSchema>;
export type PlannedExperiment = Plan["experiment"];
export type LoadSpec = z.infer<typeof loadSpec>;
export type BenchmarkSpec = z.infer<typeof benchmarkSpec>;
export type PreloadSpec = z.infer<typeof preloadSpec>;
export type WatchdogSettings = z.infer<typeof watchdogSettings>;
export type ExpectedFinding = z.infer<typeof expectedFinding>;
export type PlannedFault = z.infer<typeof plannedFault>;
export type PlannedCondition = z.infer<typeof plannedCondition>;

/** Does a load go past the client link of this node? */
export function isDirect({ via }: Pick<LoadSpec, "via">, node: string): boolean {
  return (typeof via === "string" ? via : via[node]) === "direct";
}

/** "straight to the node", "through Toxiproxy", or which nodes each. */
export function viaText({ via }: Pick<LoadSpec, "via">): string {
  const words = { direct: "straight to the node", link: "through Toxiproxy" };
  if (typeof via === "string") return words[via];
  const [direct = [], link = []] = ["direct", "link"].map((way) =>
    Object.keys(via).filter((node) => via[node] === way),
  );
  return `straight to ${direct.join(", ")}; through Toxiproxy to ${link.join(", ")}`;
}

/** "storm#12": the twelfth occurrence of the fault "storm"; `number` null: it happens once, or this is no fault's id. */
export function occurrenceOf(id: string): { fault: string; number: number | null } {
  const [fault = id, number] = id.split("#", 2);
  return { fault, number: number === undefined ? null : Number(number) };
}

/** The parameters of some fault, every choice made. */
export type PlannedParams = Readonly<PlannedFault["params"]>;

/** The commands that a fault gives servers, by the parameter. What else its parameters are, only the fault itself knows. */
export function commandsOf(params: PlannedParams | null | undefined): { name: string; words: readonly string[] }[] {
  return ["argv", "undo"].flatMap((name) => {
    const words = nameList.safeParse(params?.[name]).data;
    return words ? [{ name, words }] : [];
  });
}

/** The one that injects it; []: it gives none. */
export function argvOf(params: PlannedParams | null | undefined): readonly string[] {
  return commandsOf(params).find(({ name }) => name === "argv")?.words ?? [];
}

/** What a `run` event holds as its plan, with every default; null: it has another shape. */
export function planIn(run: { plan: unknown } | undefined): Plan | null {
  return journaledPlan.safeParse(run?.plan).data ?? null;
}
