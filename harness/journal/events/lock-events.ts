import { z } from "zod";
import { longWaitSchema, predictionSchema } from "../prediction.ts";
import { event } from "../shapes.ts";

/** What the library that is loaded into servers has seen of their locks. */
export const lockEventSchemas = [
  /** At the end of a phase, of each process that has threads. */
  event("lock-graph", {
    node: z.string(),
    /** In its container. */
    pid: z.number(),
    executable: z.string(),
    /** Threads that it ever made. */
    threads: z.number(),
    /** Different ways in which threads wanted a lock. */
    dependencies: z.number(),
    /** What found no room in the tables, in words. */
    lost: z.array(z.string()),
    /** Below the run's folder. */
    file: z.string(),
  }),
  /** A deadlock that the node's server can reach. */
  event("prediction", { node: z.string(), prediction: predictionSchema }),
  /** What became of a prediction of this run: appended when later runs have tried to make it real. */
  event("confirmation", {
    node: z.string(),
    signature: z.string(),
    /** Runs that tried. */
    tries: z.number(),
    /** Pauses of threads in them. */
    pauses: z.number(),
    /** ms: the least there was between the sides in one of them; null: not known. */
    closest: z.number().nullable(),
    /** The run in which the deadlock came about, and how; null: in none. */
    made: z.object({ run: z.string(), pause: z.string() }).nullable(),
  }),
  /** A lock was held for long while its holder waited for something else. */
  event("long-wait", { node: z.string(), wait: longWaitSchema }),
  /** Threads paused by a `pause-thread` fault: from the first one's beginning to the end of the last one that overlaps with others. */
  event("thread-pause", {
    /** Plan id of the fault's occurrence. */
    id: z.string(),
    node: z.string(),
    /** Their names then, as far as they are known. */
    threads: z.array(z.string()),
    pauses: z.number(),
    /** Run ms. */
    from: z.number(),
    ms: z.number(),
  }),
] as const;
