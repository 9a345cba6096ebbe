import { z } from "zod";
import { healEventSchemas } from "./events/heal-events.ts";
import { latencySchema, loadEventSchemas } from "./events/load-events.ts";
import { lockEventSchemas } from "./events/lock-events.ts";
import { nodeEventSchemas } from "./events/node-events.ts";
import { nodeStateSchema } from "./events/node-state.ts";
import { operatorEventSchemas } from "./events/operator-events.ts";
import { PHASES } from "./events/phases.ts";
import { slotEventSchemas } from "./events/slot-events.ts";
import { evidenceDataSchema } from "./evidence-data.ts";
import { expectationMatchSchema } from "./expectation.ts";
import { findingSchema } from "./finding.ts";
import { keyDifferenceSchema } from "./finding-detail.ts";
import { launchSchema } from "./launch.ts";
import { limitEventSchema } from "./limits.ts";
import { lossesSchema } from "./losses.ts";
import { rulerSchema } from "./ruler.ts";
import { asWritten, event } from "./shapes.ts";
import { timeToLiveSchema } from "./time-to-live.ts";

export { LATENCY_BOUNDS, type Latency, type LatencySpread, type Outcomes } from "./events/load-events.ts";
export { HANGS, type NodeCondition } from "./events/node-events.ts";
export type { NodeState } from "./events/node-state.ts";
export type { Phase } from "./events/phases.ts";
export { FINDING_TYPES, type Finding } from "./finding.ts";

/*
 *   cluster ─┐
 *   load  ───┤
 *   faults ──┼─► Emit ─► JournalWriter ─► journal.jsonl ─► readRecord ─► checks, reports, replay
 *   watchdog ┤
 *   run ─────┘
 *
 * Every event is one JSON line with `t` (monotonic milliseconds since the run's origin) and `type`. Wall-clock time
 * appears once, in `run.startedAt`.
 */

const JOURNAL_VERSION = 1;

const eventSchemas = [
  /** First line of every journal. */
  event("run", {
    version: z.literal(JOURNAL_VERSION),
    kvchaos: z.string(),
    runId: z.string(),
    startedAt: z.string(),
    command: z.array(z.string()),
    title: z.string(),
    experimentFile: z.string(),
    issue: z.string().nullable(),
    why: z.string().nullable().optional(),
    /** Typical, ms from the beginning of chaos. */
    timeToFinding: z.object({ min: z.number(), max: z.number() }).nullable().optional(),
    seed: z.string(),
    system: z.string(),
    image: z.string(),
    digest: z.string().nullable(),
    /** What is known of the machine, for people; some of it has a name here. */
    host: asWritten(
      z.looseObject({
        kernel: z.string().optional(),
        cpu: z.string().nullable().optional(),
        cores: z.number().optional(),
        /** `userlandProxy`: published ports are copied by docker-proxy; null: nobody knew. */
        engine: z.looseObject({ userlandProxy: z.boolean().nullable().optional() }).optional(),
      }),
    ).catch({}),
    /** The resolved plan, as it was written: replays this run. Readers take RunRecord.plan (plan.ts). */
    plan: z.unknown(),
  }),
  event("phase", { phase: z.enum(PHASES), step: z.enum(["begin", "end"]) }),
  event("cluster", {
    /** kvchaos did not start the servers: they were there. */
    attached: z.literal(true).optional(),
    nodes: z.array(
      z.object({
        name: z.string(),
        role: z.enum(["master", "replica", "control", "sentinel", "helper"]),
        container: z.string(),
        image: z.string(),
        digest: z.string().nullable(),
        /** Server port → port on 127.0.0.1. */
        ports: z.record(z.string(), z.number()),
        version: z.string().nullable(),
        launch: launchSchema.optional(),
      }),
    ),
    links: z.array(z.object({ name: z.string(), from: z.string(), to: z.string(), address: z.string() })),
    /** "cluster": the masters share the key space. "sentinel": sentinels choose the one master. "controller": they share it, and controllers rule. */
    mode: z.enum(["cluster", "sentinel", "controller"]).nullable().optional(),
    /** Absent: the operator. */
    ruledBy: rulerSchema.optional(),
    /** Helpers that rule, and their store; `interval`, `answer` ms: controller-mode.ts. */
    controllers: z
      .object({
        names: z.array(z.string()),
        store: z.string(),
        interval: z.number(),
        failures: z.number(),
        answer: z.number(),
        /** Host under which they know a server → its name. */
        hosts: z.record(z.string(), z.string()),
      })
      .optional(),
  }),
  /**
   * Who should replicate from whom, from now on: as the harness (the operator) wants it, or as the servers, sentinels or controllers have
   * agreed among themselves.
   */
  event("topology", {
    masters: z.array(z.string()),
    replicaOf: z.record(z.string(), z.string()),
    reason: z.string(),
    /** Ids of the faults whose own commands have left it so. */
    leftBy: z.array(z.string()).readonly().optional(),
    /** Where the masters share the key space: the slots that each was given, first and last, in the order of `masters`. */
    slots: z.array(z.tuple([z.number(), z.number()]).readonly().nullable()).optional(),
  }),
  event("fault", {
    /** Plan id of the occurrence: "storm#12". */
    id: z.string(),
    fault: z.string(),
    step: z.enum([
      "inject", // begins
      "injected", // done; `ms` it took
      "inject-failed",
      "effect", // what was measured
      "heal",
      "healed",
      "heal-failed",
      "not-fired", // its trigger never came true
    ]),
    /** Nodes and links it touches. */
    targets: z.array(z.string()),
    ms: z.number().optional(),
    effect: z.object({ measured: z.boolean(), summary: z.string() }).optional(),
    detail: z.string().optional(),
    /** At "inject", as the plan has them. */
    params: z.record(z.string(), z.unknown()).optional().catch(undefined),
  }),
  /** About one second of probes of one kind on one node. */
  event("probe", {
    node: z.string(),
    /** Questions: established PING, fresh PING on a new connection, write SET, read GET, admin INFO, config CONFIG GET (of a node that hangs). */
    kind: z.enum(["established", "fresh", "write", "read", "admin", "config"]),
    seconds: z.number(),
    sent: z.number(),
    answered: z.number(),
    /** Connection refused, reset or closed. */
    lost: z.number(),
    latency: latencySchema.nullable(),
    /** Age of the oldest unanswered question, ms; 0 when all are answered. */
    oldest: z.number(),
    /** Connections (by number) whose question has been unanswered for over one second. */
    silent: z.array(z.number()),
    /** Distinct error replies seen ("LOADING", "READONLY", …) with counts: an error reply is an answer. */
    replies: z.record(z.string(), z.number()),
  }),
  ...loadEventSchemas,
  event("node-state", { node: z.string(), state: nodeStateSchema }),
  /** The server's process as the kernel sees it; `cpuMs` and `switches` are totals over all threads. */
  event("process", {
    node: z.string(),
    alive: z.boolean(),
    pid: z.number().nullable(),
    threads: z.number().nullable(),
    cpuMs: z.number().nullable(),
    switches: z.number().nullable(),
    rssBytes: z.number().nullable(),
  }),
  ...nodeEventSchemas,
  ...operatorEventSchemas,
  ...slotEventSchemas,
  ...lockEventSchemas,
  expectationMatchSchema,
  limitEventSchema,
  /** The harness's own health, once a second. */
  event("self", {
    /** How many seconds this event stands for, where the reader merged neighbours; default 1. */
    seconds: z.number().optional(),
    /** Worst event-loop delay in this second, ms: main thread and probe thread. */
    mainDelay: z.number(),
    probeDelay: z.number(),
    /** /proc/pressure "some avg10" in percent; null where the kernel does not tell. */
    cpuPressure: z.number().nullable(),
    memoryPressure: z.number().nullable(),
    ioPressure: z.number().nullable(),
    /** Control probe: worst answer in this second and age of an unanswered one, ms. */
    controlMax: z.number().nullable(),
    controlOldest: z.number(),
    starved: z.boolean(),
    /** Other runs of the same kvchaos that went on beside this one; absent: it was not one of several at a time. */
    others: z.number().optional(),
  }),
  event("evidence", {
    node: z.string(),
    /** Why it was captured, e.g. the condition. */
    reason: z.string(),
    /** How long the capture took and whether it stopped the process, ms. */
    ms: z.number(),
    stoppedProcessMs: z.number(),
    files: z.array(z.string()),
    summary: z.string(),
    proof: z.string().nullable(),
    data: evidenceDataSchema.optional(),
  }),
  ...healEventSchemas,
  /** One replica's dataset against its master's, read after quiesce. */
  event("comparison", {
    master: z.string(),
    replica: z.string(),
    /** false: the comparison could not be finished, or single keys could not be compared; `why` says so. */
    complete: z.boolean(),
    why: z.string().nullable(),
    /** It came to the end but for so many keys; absent: for none, or it did not come to the end. */
    notComparable: z.number().optional(),
    /** Keys that were left out, because the experiment gave their slot to another master; absent: there are none. */
    moved: z.number().optional(),
    masterKeys: z.number(),
    replicaKeys: z.number(),
    different: z.number(),
    /** The first ones. */
    differences: z.array(keyDifferenceSchema),
    ms: z.number(),
    /** "heal": read before the heal phase gave the replica its master back, while load went on. */
    before: z.literal("heal").optional(),
  }),
  /** The recorded operations of one load: `begin` names the files, `end` says how many operations each holds. */
  event("history", {
    step: z.enum(["begin", "end"]),
    load: z.string(),
    /** Paths below the run's folder; `final` are the reads after quiesce. */
    files: z.array(z.object({ file: z.string(), final: z.boolean(), operations: z.number().nullable() })),
    shape: z.object({
      type: z.enum(["string", "zset", "hash", "counter", "group", "queue", "stream"]),
      parts: z.number().optional(),
      prefix: z.string(),
      keys: z.number(),
      elements: z.number(),
      ttl: timeToLiveSchema.optional(),
    }),
    nodes: z.array(z.string()),
    /** The machine's wall clock less the run's, ms: it stays the same unless somebody sets the clock. */
    wallClock: z.number().optional(),
  }),
  /** One FLUSHALL or FLUSHDB: `acknowledged` null when it was never answered; `failed`: it was refused, nothing was flushed. */
  event("flush", {
    /** Id of the fault's occurrence. */
    id: z.string(),
    node: z.string(),
    command: z.string(),
    invoked: z.number(),
    acknowledged: z.number().nullable(),
    failed: z.string().nullable(),
  }),
  /** When a flush was first seen on one node: a key written before it was gone. `at` null: not seen until `until`. */
  event("flush-effect", {
    id: z.string(),
    node: z.string(),
    at: z.number().nullable(),
    until: z.number(),
  }),
  event("check", {
    name: z.string(),
    valid: z.union([z.boolean(), z.literal("unknown")]),
    why: z.string().nullable(),
    findings: z.array(findingSchema),
    /** What became of acknowledged writes, by load: of no-lost-writes. */
    losses: z.array(lossesSchema).optional(),
  }),
  event("verdict", {
    verdict: z.enum(["pass", "fail", "inconclusive", "error", "interrupted"]),
    reasons: z.array(z.string()),
  }),
  /** Something a reader of the report should know that fits no other type. */
  event("note", {
    about: z.string(),
    text: z.string(),
    /** A report tells it in a place of its own, too. "not-healed": a node's role could not be looked at, or set, while healing. */
    kind: z.literal("not-healed").optional(),
  }),
] as const;

export const eventSchema = z.discriminatedUnion("type", eventSchemas);
export type JournalEvent = z.infer<typeof eventSchema>;
export type EventType = JournalEvent["type"];
export type EventOf<T extends EventType> = Extract<JournalEvent, { type: T }>;
export type Verdict = EventOf<"verdict">["verdict"];

type WithoutTime<E> = E extends unknown ? Omit<E, "t"> & { t?: number } : never;
/** Hands one event to the journal, which adds `t` unless the event brings its own. */
export type Emit = (event: WithoutTime<JournalEvent>) => void;
