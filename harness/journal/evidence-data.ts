import { z } from "zod";
import type { OneOf } from "./shapes.ts";

/** Where a wait leads. Thread ids are the host's. */
const waitTargetSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("thread"), tid: z.number() }),
  z.object({ kind: z.literal("readers"), count: z.number() }),
  z.object({ kind: z.literal("link"), name: z.string(), cutBy: z.string().nullable(), peer: z.string() }),
  z.object({ kind: z.literal("peer"), peer: z.string() }),
]);

/** Thread `from` cannot go on before `to` does something. */
const waitEdgeSchema = z.object({
  from: z.number(),
  kind: z.enum([
    "join",
    "mutex",
    "rwlock-read",
    "rwlock-write",
    "socket",
    "event-loop",
    "child", // the end of a process
    "file-lock", // flock() and fcntl()
    "told", // what the server itself says
  ]),
  /** The lock, the joined thread's futex, or the descriptor: what two edges of the same thread are compared by. */
  address: z.string(),
  to: waitTargetSchema,
  /** The thread that it leads to is one of the lock's readers, and there may be more. */
  reader: z.literal(true).optional(),
  /** The wait ends by itself after a while: never part of a proof. */
  timed: z.boolean(),
  /** It may end without what it leads to, as when another thread ends a process that is waited for: never part of a proof. */
  weak: z.literal(true).optional(),
  /** The system call, for readers. */
  call: z.string(),
});
export type WaitEdge = z.infer<typeof waitEdgeSchema>;

/** Why nothing else about a process moves. Only of edges that held in all samples. */
export const waitGraphSchema = z.object({
  class: z.enum([
    "proven", // a cycle of waits in which every holder is known
    "held-by-readers", // threads wait for a rwlock that readers hold; without the library nobody knows which threads these are
    "waits-on-link", // a thread, and perhaps others behind it, waits for data from a link
    "waits-on-thread", // threads wait for one that waits for no other: it sleeps, runs, or waits for what is not known
    "none",
  ]),
  edges: z.array(waitEdgeSchema),
  /** Edges that the healthy process had, too. */
  subtracted: z.array(waitEdgeSchema),
  /** Thread ids in the order of waiting; the last waits for the first. */
  cycles: z.array(z.array(z.number())),
  /** Threads whose waits lead to what is reported (a cycle, the readers' lock, the link, the thread), without being part of it. */
  queue: z.array(z.number()),
  /** held-by-readers: the locks, and asleep threads that may be among the readers. */
  readerLocks: z.array(
    z.object({ address: z.string(), readers: z.number(), waiting: z.array(z.number()), mayHold: z.array(z.number()) }),
  ),
  /** waits-on-link: the threads at the end of the chains. */
  linkWaits: z.array(
    z.object({ tid: z.number(), link: z.string(), cutBy: z.string().nullable(), chain: z.array(z.number()) }),
  ),
  /**
   * waits-on-thread, and only then: the threads at the end of the chains, most waited for first, with the system call in which
   * all samples saw them (null: they moved) and whether they slept in it without getting the CPU once. Older journals have none.
   */
  threadWaits: z
    .array(z.object({ tid: z.number(), call: z.string().nullable(), asleep: z.boolean(), chain: z.array(z.number()) }))
    .default([]),
});
export type WaitGraph = z.infer<typeof waitGraphSchema>;

/** Threads that all do the same thing. */
export const threadGroupSchema = z.object({
  count: z.number(),
  /** Thread names, each once, with its number: "worker ×7". */
  comms: z.array(z.string()),
  tids: z.array(z.number()),
  state: z.string(),
  /** In words; what a lock or socket wait leads to. */
  waitsFor: z.string(),
  /** True when no thread of the group ran or changed while it was watched. */
  asleep: z.boolean(),
  /** From gdb, without library noise. */
  frames: z.array(z.string()).optional(),
});
export type ThreadGroup = z.infer<typeof threadGroupSchema>;

/** A process in trouble, as three looks at it saw it. More is told of each thread than anybody reads here. */
const hangEvidenceSchema = z.object({
  /** The summary without what could not be had. */
  found: z.string().default(""),
  threads: z.array(z.object({ tid: z.number(), nsTid: z.number(), comm: z.string() })),
  /** null: nobody could see what it waits for. */
  graph: waitGraphSchema.nullable(),
  groups: z.array(threadGroupSchema),
});
export type HangEvidence = z.infer<typeof hangEvidenceSchema>;

/** A process that ended: nothing is left to look at but the end of its log. */
const crashEvidenceSchema = hangEvidenceSchema.extend({ lastLines: z.array(z.string()) });

/** The same threads as in the capture before, now with function names. */
const functionNamesSchema = z.object({ groups: z.array(threadGroupSchema) });

/** Did the process leave a core, whether it could be read or not? */
const coreEvidenceSchema = z.object({ core: z.boolean() });

const shapes = z.union([crashEvidenceSchema, hangEvidenceSchema, functionNamesSchema, coreEvidenceSchema]);
export type EvidenceData = OneOf<z.infer<typeof shapes>>;

/** What a capture tells programs. null: in a shape that this version does not know; its files and its summary still count. */
export const evidenceDataSchema: z.ZodType<EvidenceData | null> = shapes.nullable().catch(null);
