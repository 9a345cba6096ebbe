import { z } from "zod";
import { event } from "../shapes.ts";

/** Slots that the experiment moves, and whose they are in the end. */
export const slotEventSchemas = [
  /** One slot of a `migrate-slots` fault. */
  event("slot-move", {
    /** Plan id of the fault occurrence. */
    id: z.string(),
    slot: z.number(),
    /** Masters at that moment. */
    from: z.string(),
    to: z.string(),
    step: z.enum([
      "begin", // both ends have been told
      "moved", // the masters were told that it is `to`'s
      "left-open", // the operator's tool gave up, or was stopped: heal closes it
      "rolled-back", // it is `from`'s as before
    ]),
    /** Keys that were carried over; 0 where the server does that. */
    keys: z.number(),
    /** Why it was left open. */
    detail: z.string().optional(),
    /** A server would not do it, by its own word. */
    refused: z.boolean().optional(),
  }),
  /** Load has stopped: whose slots are, as one server tells it. */
  event("slot-view", {
    node: z.string(),
    /** Node → its slots as ranges, both ends included; "?" for one that this cluster does not know. */
    owners: z.record(z.string(), z.array(z.tuple([z.number(), z.number()]).readonly())),
    /** Slots of which it says that they are on their way from it, or to it. */
    open: z.array(z.object({ slot: z.number(), state: z.enum(["migrating", "importing"]) })),
  }),
  /** Every key of every master, by its slot. */
  event("slot-keys", {
    /** Master → how many keys it has. */
    keys: z.record(z.string(), z.number()),
    /** Why some could not be read; null: all were. */
    why: z.string().nullable(),
    /** Keys of slots that are another's. */
    foreign: z.array(
      z.object({ node: z.string(), slot: z.number(), owner: z.string(), keys: z.number(), example: z.string() }),
    ),
    /** Keys that several masters have. */
    doubled: z.object({ keys: z.number(), nodes: z.array(z.string()), examples: z.array(z.string()) }),
    /** Keys of the preload that no master has; null: they may have been removed, or there was none. */
    missing: z.object({ keys: z.number(), of: z.number(), examples: z.array(z.string()) }).nullable(),
  }),
] as const;
