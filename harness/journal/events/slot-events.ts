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
] as const;
