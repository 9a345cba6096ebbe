import { z } from "zod";
import { percentRange } from "../base/units.ts";
import { duration, MS, SECOND, text } from "./schema-parts.ts";

/** The keys of an experiment that are about its servers' locks. */
export const lockKeys = {
  locks: z
    .boolean()
    .optional()
    .describe(
      "`true`: a library that is loaded into every server writes down which locks its threads take, and deadlocks that did not happen are foretold (default: `true` where `noise`, `known` or a pause of a thread needs it)",
    ),
  noise: z
    .strictObject({
      probability: percentRange
        .refine(({ min, max }) => min === max && max > 0, { error: "expected one percentage above 0%" })
        .prefault("1%")
        .describe("At how many of the moments at which a lock is asked for"),
      longest: duration(0.01 * MS, SECOND)
        .prefault("1ms")
        .describe("The longest pause"),
    })
    .optional()
    .describe("Random short pauses wherever a thread asks for a lock, drawn from the seed: races become wider"),
  known: z
    .array(
      z.strictObject({
        prediction: z
          .string()
          .regex(/^[0-9a-f]{12}$/, { error: "expected a prediction's signature: 12 hexadecimal digits" })
          .describe("The prediction's signature, as the terminal and the report tell it"),
        why: text(400).describe("Why it cannot happen, or does not matter"),
      }),
    )
    .max(100)
    .prefault([])
    .describe("Predictions that are no news: they are told as known, and do not fail `lock-order`"),
};
