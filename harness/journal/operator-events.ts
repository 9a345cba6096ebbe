import { z } from "zod";

/** A full sync of a replica, as its own log tells it. `done` and `total` count files; null where the log does not say. */
export const fullSyncSchema = z.object({
  t: z.number(),
  type: z.literal("full-sync"),
  node: z.string(),
  step: z.enum([
    "start",
    "progress", // one more file is there
    "restoring", // all files are there, the server loads them
    "done",
    "failed", // given up by the server, to be tried again or not
    "ended", // the server left it without a word: another master, or no master any more
  ]),
  done: z.number().nullable(),
  total: z.number().nullable(),
});

/** A server was asked to stop by a `shutdown` fault. Times in run ms. */
export const shutdownSchema = z.object({
  t: z.number(),
  type: z.literal("shutdown"),
  /** Plan id of the fault occurrence. */
  id: z.string(),
  node: z.string(),
  via: z.enum(["sigterm", "shutdown", "shutdown-nosave"]),
  asked: z.number(),
  within: z.number(),
  /** Its settings promise that what it has acknowledged is there after a clean stop. */
  keepsData: z.boolean().optional(),
  /** null: not in time; it was killed. */
  ended: z.number().nullable(),
  exitCode: z.number().nullable(),
});

/** One command sent several times by a `duplicate-command` fault. Milliseconds. */
export const duplicateCommandSchema = z.object({
  t: z.number(),
  type: z.literal("duplicate-command"),
  /** Plan id of the fault occurrence. */
  id: z.string(),
  command: z.string(),
  /** The gap that the plan asks for. */
  asked: z.number(),
  /** The gaps that were achieved, from handing one copy to the kernel to handing it the next. */
  gaps: z.array(z.number()),
  /** `answer`: null when it was accepted; else why not. */
  answers: z.array(z.object({ node: z.string(), answer: z.string().nullable(), ms: z.number() })),
});

/** An administration command that a fault gave a server on a lasting connection: "sent" first, then what became of it. */
export const adminCommandSchema = z.object({
  t: z.number(),
  type: z.literal("admin-command"),
  node: z.string(),
  /** Which of the node's administration connections. */
  connection: z.number(),
  /** Number of the command on the node: joins "sent" and its answer. */
  number: z.number(),
  /** Plan id of the fault occurrence. */
  by: z.string(),
  command: z.string(),
  /** `lost`: the connection ended first. A command without a second event was never answered. */
  step: z.enum(["sent", "answered", "refused", "lost"]),
  /** From sending to the answer. */
  ms: z.number().optional(),
  detail: z.string().optional(),
});
