import { z } from "zod";
import { event } from "../shapes.ts";

/** What the operator and its faults made servers do, and the full syncs that come of it. */
export const operatorEventSchemas = [
  /** A full sync of a replica, as its own log tells it. `done` and `total` count files; null where the log does not say. */
  event("full-sync", {
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
  }),
  /** A server was asked to stop by a `shutdown` fault. Times in run ms. */
  event("shutdown", {
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
  }),
  /**
   * Bytes of a `raw-bytes` fault after which a server ended or left others without an answer: "suspected" at once, "shrunk" when the fault
   * was healed and the server had been started anew, again and again, with ever fewer of them.
   */
  event("raw-bytes", {
    /** Plan id of the fault occurrence. */
    id: z.string(),
    node: z.string(),
    /** null: straight. */
    link: z.string().nullable(),
    step: z.enum(["suspected", "shrunk"]),
    fate: z.enum(["ended", "silent"]),
    /** When they were sent, run ms. */
    at: z.number(),
    /** Of a text of the corpus, or a mutation. */
    name: z.string().nullable(),
    /** All that was sent on that connection, its pipeline included; escaped and shortened. */
    sent: z.string(),
    /** "shrunk": the shortest prefix found that does the same to a server that was started anew; null: none does. */
    shortest: z.string().nullable().optional(),
    /** Its bytes. */
    length: z.number().optional(),
    /** No shorter one does; false: there was no time to find out. */
    exact: z.boolean().optional(),
    /** So often the server was started anew. */
    tries: z.number().optional(),
    /** Below the run's folder: all of the bytes. */
    files: z.array(z.string()),
  }),
  /** One command sent several times by a `duplicate-command` fault. Milliseconds. */
  event("duplicate-command", {
    /** Plan id of the fault occurrence. */
    id: z.string(),
    command: z.string(),
    /** The gap that the plan asks for. */
    asked: z.number(),
    /** The gaps that were achieved, from handing one copy to the kernel to handing it the next. */
    gaps: z.array(z.number()),
    /** `answer`: null when it was accepted; else why not. */
    answers: z.array(z.object({ node: z.string(), answer: z.string().nullable(), ms: z.number() })),
  }),
  /**
   * A command that a fault gave a server: "sent" first, then what became of it. Of an administration command on a lasting
   * connection there is no `expected`, `argv` or `reply`.
   */
  event("admin-command", {
    node: z.string(),
    /** Which of the node's administration connections; of a fault that opens its own, which of those. */
    connection: z.number(),
    /** Number of the command, of all that the node was given by `by`: see adminCommands(). */
    number: z.number(),
    /** Plan id of the fault occurrence. */
    by: z.string(),
    command: z.string(),
    /**
     * `overdue`: it should have been answered by now, and goes on being waited for. `lost`: the connection ended first. A command
     * without any of "answered", "refused" and "lost" was never answered.
     */
    step: z.enum(["sent", "overdue", "answered", "refused", "lost"]),
    /** From sending to the answer, or until now. */
    ms: z.number().optional(),
    detail: z.string().optional(),
    /** "sent": all its words. */
    argv: z.array(z.string()).optional(),
    /** "sent": until when it may be without answer by its own words, ms from sending; null: it never has to be answered. */
    expected: z.number().nullable().optional(),
    /** "answered", "refused": the whole reply as text; JSON for an array, a number or nothing. */
    reply: z.string().optional(),
    /** "overdue": what CLIENT LIST says of its client; null: it does not tell. */
    flags: z.string().nullable().optional(),
    /** So many clients sent it at once; absent: one. */
    clients: z.number().optional(),
    /** "overdue": so many of them have no answer. */
    waiting: z.number().optional(),
  }),
] as const;
