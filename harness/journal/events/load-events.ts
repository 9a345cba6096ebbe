import { z } from "zod";
import { event } from "../shapes.ts";

/** What became of operations: `errors` counts both those that failed and those of which nobody knows, by kind. */
const outcomesSchema = z.object({
  ok: z.number(),
  fail: z.number(),
  info: z.number(),
  /** Error class → count: "READONLY", "timeout", "connection-lost", … */
  errors: z.record(z.string(), z.number()),
});
export type Outcomes = z.infer<typeof outcomesSchema>;

/** Milliseconds. */
export const latencySchema = z.object({ count: z.number(), p50: z.number(), p99: z.number(), max: z.number() });
export type Latency = z.infer<typeof latencySchema>;

/** Upper bounds of the counts of how long operations took, ms; one more count is of those that took longer. */
export const LATENCY_BOUNDS = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;
const spreadSchema = z.object({ counts: z.array(z.number()).readonly(), sumMs: z.number() });
export type LatencySpread = z.infer<typeof spreadSchema>;

/** What clients saw. */
export const loadEventSchemas = [
  /** One second of one load. */
  event("load", {
    load: z.string(),
    seconds: z.number(),
    ...outcomesSchema.shape,
    latency: latencySchema.nullable(),
    /** How many took how long, by LATENCY_BOUNDS; absent: of a load of redis-benchmark, and where none ended. */
    spread: spreadSchema.optional(),
    connected: z.number(),
    connections: z.number(),
    /** The same by node; of an operation that no node was dialled for (open loop, nobody connected) nothing is in it. */
    nodes: z.record(z.string(), outcomesSchema).optional(),
    /** How often servers sent a command elsewhere, by their word (MOVED, ASK, TRYAGAIN); it is counted above once, with its outcome. */
    redirects: z.record(z.string(), z.number()).optional(),
  }),
  /** Cluster mode: a slot with keys of a load is another master's now, as a server's MOVED said; the load's part in it follows. */
  event("load-moved", {
    load: z.string(),
    slot: z.number(),
    from: z.string(),
    to: z.string(),
    /** Of so many that the load has of its shard. Absent: one. */
    slots: z.int().optional(),
  }),
  /** A server broke the protocol on a load's connection: what came is no reply, or one to no command, or to another. */
  event("out-of-step", {
    load: z.string(),
    node: z.string(),
    /** What came. */
    text: z.string(),
    /** The command that it came for; null: one of those in flight. */
    command: z.string().nullable(),
  }),
  /** A command that was drawn from the server's table was lost with its connection, or not answered in time. */
  event("command-lost", {
    load: z.string(),
    node: z.string(),
    /** As a reader may see it, long words shortened. */
    words: z.string(),
  }),
  /** What a load draws its commands from, before it begins. */
  event("command-table", {
    load: z.string(),
    /** The node that was asked. */
    node: z.string(),
    /** Where it is from: the server's COMMAND DOCS, or descriptions of kvchaos' own of what it knows by COMMAND, or one by one. */
    source: z.enum(["command-docs", "command", "asked"]),
    /** Name → how often against the others. */
    drawn: z.record(z.string(), z.number()),
    /** Names that the server has and the load does not draw. */
    left: z.array(z.string()),
  }),
  /** How often each command was done, and answered by something else, by the time the load had ended. */
  event("command-counts", {
    load: z.string(),
    done: z.record(z.string(), z.number()),
    notDone: z.record(z.string(), z.number()),
  }),
] as const;
