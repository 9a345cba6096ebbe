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

/** What clients saw. */
export const loadEventSchemas = [
  /** One second of one load. */
  event("load", {
    load: z.string(),
    seconds: z.number(),
    ...outcomesSchema.shape,
    latency: latencySchema.nullable(),
    connected: z.number(),
    connections: z.number(),
    /** The same by node; of an operation that no node was dialled for (open loop, nobody connected) nothing is in it. */
    nodes: z.record(z.string(), outcomesSchema).optional(),
    /** How often servers sent a command elsewhere, by their word (MOVED, ASK, TRYAGAIN); it is counted above once, with its outcome. */
    redirects: z.record(z.string(), z.number()).optional(),
  }),
  /** Cluster mode: the slot of a load's keys is another master's now, as a server's MOVED said; the load follows. */
  event("load-moved", {
    load: z.string(),
    slot: z.number(),
    from: z.string(),
    to: z.string(),
  }),
] as const;
