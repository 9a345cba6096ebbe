import { z } from "zod";

/** Where in a program a lock was taken, or is wanted. */
export const lockSiteSchema = z.object({
  /** The file's path inside the container. */
  module: z.string(),
  /** Of the call's return address in that file, bytes. */
  offset: z.number(),
  /** null: the file has no name for it. */
  function: z.string().nullable(),
  /** "storage.cc:120"; null: the file does not tell. */
  source: z.string().nullable(),
});
export type LockSite = z.infer<typeof lockSiteSchema>;

export const lockPlaceSchema = z.object({
  site: lockSiteSchema,
  /**
   * Where the site's function only takes locks for others ("rocksdb::port::Mutex::Lock"): where that was called. null: it does more, or no
   * stack tells.
   */
  caller: lockSiteSchema.nullable(),
});
export type LockPlace = z.infer<typeof lockPlaceSchema>;

export const lockUseSchema = lockPlaceSchema.extend({
  /** "rwlock A": locks of one prediction have one letter each, whatever their addresses; "the end of master-repl" of a join. */
  lock: z.string(),
  kind: z.enum(["mutex", "rwlock", "spin", "thread"]),
  mode: z.enum(["shared", "exclusive"]),
});
export type NamedLockUse = z.infer<typeof lockUseSchema>;

const sideSchema = z.object({
  /** Name of the thread; digits of a pool's are one "#". */
  thread: z.string(),
  /** Outermost first. That which the side before wants is among them, unless that waits for this thread's end. */
  holds: z.array(lockUseSchema),
  wants: lockUseSchema,
  /** Function names where it wanted the lock, innermost first; empty where they could not be had. */
  stack: z.array(z.string()),
  /** When it did so, ms on the run's clock: the first few and the last few moments. */
  at: z.array(z.number()),
  /** How often. */
  count: z.number(),
  /**
   * Of one that waits for the end of a thread: each time that had ended already. The program may look first, at something that is not a lock,
   * so that it never waits there. Left out: no.
   */
  alreadyEnded: z.literal(true).optional(),
});
export type PredictedSide = z.infer<typeof sideSchema>;

/** A deadlock that the program can reach by what its threads have shown, although it did not happen. */
export const predictionSchema = z.object({
  /** The same for the same functions, modes and threads, in any run: 12 hexadecimal digits. */
  signature: z.string(),
  /** "itself": one thread takes a lock that it holds and that it cannot take twice. */
  kind: z.enum(["cycle", "itself"]),
  /** Each wants what the next one holds, the last what the first holds. */
  sides: z.array(sideSchema),
  /** Two readers exclude each other only while a writer waits between them. */
  needsWriter: z.boolean(),
  /** Who was seen to want to write there, one for each lock that needs it; empty unless `needsWriter`. */
  writers: z.array(sideSchema),
  /** ms between the sides when they came closest, writers included; null: not known. Of one that waits for itself alone: 0. */
  gap: z.number().nullable(),
  /** How many sets of locks of the same functions were in such a cycle. */
  instances: z.number(),
});
export type Prediction = z.infer<typeof predictionSchema>;

/** A lock was held while its holder waited for something else. */
export const longWaitSchema = lockPlaceSchema.extend({
  thread: z.string(),
  for: z.enum(["condition", "join", "io", "sleep", "semaphore"]),
  /** ms: the longest. */
  longest: z.number(),
  count: z.number(),
  /** On the run's clock, ms: when the longest began. */
  at: z.number(),
  holds: z.array(lockUseSchema),
  stack: z.array(z.string()),
});
export type LongWait = z.infer<typeof longWaitSchema>;
