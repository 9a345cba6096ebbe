import { z } from "zod";
import { event } from "./shapes.ts";

/** Phases in which a limit of the user's own can count. */
export const LIMITED_PHASES = ["chaos", "heal", "recovery"] as const;

/** What a limit measures: of each load, of each node by our probes, and of each node by what it says or the kernel does. */
export const LOAD_MEASURES = ["p50", "p99", "max", "ops", "errors"] as const;
const NODE_MEASURES = ["replication-lag", "memory", "memory-growth", "full-syncs"] as const;
export const PROBES = { ping: "established", connect: "fresh", write: "write", read: "read", admin: "admin" } as const;

/** A limit of the user's own, as its plan holds it. */
const ownLimitSchema = z.strictObject({
  /** As it was written: "p99 < 50ms". */
  text: z.string(),
  measure: z.discriminatedUnion("of", [
    z.strictObject({ of: z.literal("load"), what: z.enum(LOAD_MEASURES) }),
    z.strictObject({
      of: z.literal("probe"),
      kind: z.enum(Object.values(PROBES)),
      what: z.enum(["p50", "p99", "max"]),
    }),
    z.strictObject({ of: z.literal("node"), what: z.enum(NODE_MEASURES) }),
  ]),
  /** What is to be so. */
  is: z.enum(["<", "<=", ">", ">="]),
  /** Milliseconds, operations per second, bytes, a share (1: all), a number of full syncs; or so many times what it was in the warm-up. */
  than: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("value"), value: z.number().min(0) }),
    z.strictObject({ kind: z.literal("warm-up"), factor: z.number().positive() }),
    /** Memory's growth in bytes. */
    z.strictObject({ kind: z.literal("bytes"), value: z.number().min(0) }),
  ]),
  /** null: each. */
  load: z.string().nullable(),
  node: z.string().nullable(),
  phases: z.array(z.enum([...LIMITED_PHASES, "watch"])).min(1),
  /** It is broken when it did not hold for so long on end, ms. */
  for: z.number().min(0),
  /** A broken one ends the chaos phase. */
  abort: z.boolean(),
});
export type OwnLimit = z.infer<typeof ownLimitSchema>;

/** What an experiment allows its servers on the way, as its plan holds it; null: it sets no limit. */
export const limitsSchema = z.strictObject({
  /** Of each replica, from the beginning of chaos on. */
  fullSyncs: z
    .strictObject({
      most: z.int().min(0).nullable(),
      /** Those that no fault of ours broke off. */
      failed: z.int().min(0).nullable(),
    })
    .nullable(),
  /** Of each server's resident memory, against the most that it had in the warm-up: by bytes, or by a share of that (0.5: half as much again). */
  memory: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("bytes"), bytes: z.number().positive() }),
      z.strictObject({ kind: z.literal("share"), share: z.number().positive() }),
    ])
    .nullable(),
  /** Absent: none. */
  own: z.array(ownLimitSchema).optional(),
});
export type Limits = z.infer<typeof limitsSchema>;

export const NO_LIMITS: Limits = { fullSyncs: null, memory: null };

/** A limit has just been passed: told on the way, once for each node (or load) and kind. The checks judge the whole run. */
export const limitEventSchema = event("limit-passed", {
  check: z.enum(["full-syncs", "memory", "limits"]),
  /** null: it is about a load. */
  node: z.string().nullable(),
  /** In words. */
  what: z.string(),
});
