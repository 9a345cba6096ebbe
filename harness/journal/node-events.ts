import { z } from "zod";
import { adminCommandSchema, fullSyncSchema } from "./operator-events.ts";

/** What the watchdog says of one node. `healthy` and `unknown` frame the typed results of DESIGN.md §4. */
const NODE_CONDITIONS = [
  "unknown",
  "healthy",
  "slow",
  "restoring",
  "stalled",
  "partial",
  "livelocked",
  "deadlocked",
  "dead",
  "paused",
  "down", // stopped by our own kill/restart fault
  "starved",
] as const;
export type NodeCondition = (typeof NODE_CONDITIONS)[number];

const at = { t: z.number() };

/** Events about one server: its condition, its probes' cover, its container, its log, its full syncs and its admin commands. */
export const nodeEventSchemas = [
  /** The watchdog's verdict on a node changed. `since`: when the new condition really began (before it was confirmed). */
  z.object({
    ...at,
    type: z.literal("condition"),
    node: z.string(),
    was: z.enum(NODE_CONDITIONS),
    now: z.enum(NODE_CONDITIONS),
    since: z.number(),
    why: z.string(),
    /** Silent probe connections of all, for partial and total hangs. */
    silent: z.number().optional(),
    of: z.number().optional(),
    /** Of a partial hang on a multi-threaded server whose threads are known: how many answer, and which do not ("worker 30276"). */
    workers: z.object({ of: z.number(), answering: z.number(), silent: z.array(z.string()) }).optional(),
  }),
  /** Do the probes lie on every worker thread of a multi-threaded server? Before the first fault, and after restarts. */
  z.object({
    ...at,
    type: z.literal("cover"),
    node: z.string(),
    /** Worker threads of the server; null: nobody could tell. */
    workers: z.number().nullable(),
    /** Those with a probe connection; null: argued by numbers. */
    covered: z.number().nullable(),
    /** Established probe connections. */
    connections: z.number(),
    proof: z.enum(["proc", "numbers"]),
    /** By numbers: the probability that no worker is left out, 0..1. */
    chance: z.number().nullable(),
    /** Why it is not proved or not complete. */
    why: z.string().nullable(),
  }),
  z.object({
    ...at,
    type: z.literal("container"),
    node: z.string(),
    action: z.enum(["start", "die", "oom", "pause", "unpause"]),
    exitCode: z.number().nullable(),
    /** True when a fault or the teardown of this run asked for it. */
    ours: z.boolean(),
  }),
  /** A server log line that a log rule of its system recognised. */
  z.object({
    ...at,
    type: z.literal("log"),
    node: z.string(),
    rule: z.string(),
    line: z.string(),
    /** Numbers and words the rule captured. */
    fields: z.record(z.string(), z.string()),
  }),
  fullSyncSchema,
  adminCommandSchema,
] as const;
