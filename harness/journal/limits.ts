import { z } from "zod";
import { event } from "./shapes.ts";

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
});
export type Limits = z.infer<typeof limitsSchema>;

export const NO_LIMITS: Limits = { fullSyncs: null, memory: null };

/** A server has just passed a limit: told on the way, once for each node and kind. The checks judge the whole run. */
export const limitEventSchema = event("limit-passed", {
  check: z.enum(["full-syncs", "memory"]),
  node: z.string(),
  /** In words. */
  what: z.string(),
});
