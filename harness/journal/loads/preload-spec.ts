import { z } from "zod";
import { timeToLiveSchema } from "../time-to-live.ts";

/** A range, both ends included. */
export const bounds = z
  .strictObject({ min: z.number().min(0), max: z.number().min(0) })
  .refine(({ min, max }) => min <= max, { error: "impossible range: min is above max" });

/** Data that is written before anything else. */
export const preloadSpec = z.strictObject({
  keys: z.int().min(1),
  /** Bytes of a string's value; a collection's elements together are about as big. */
  value: bounds,
  /** Kinds of keys, each an equal share. */
  types: z.array(z.enum(["string", "list", "set", "zset", "hash"])).min(1),
  /** As a load's. */
  slots: z.int().min(1).optional(),
  /** Keys that expire, so long after they were written; absent: none does. */
  ttl: timeToLiveSchema.omit({ by: true }).optional(),
});
