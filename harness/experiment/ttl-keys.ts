import { z } from "zod";
import { percentRange } from "../base/units.ts";
import { DEADLINE_COMMANDS } from "../journal/time-to-live.ts";
import { durations, list, MAX_DURATION, MS } from "./schema-parts.ts";

/** How long keys live, of a load. */
const of = durations(100 * MS, MAX_DURATION).describe("How long a key lives, drawn for each");

/** One percentage above zero, as a fraction. */
const share = percentRange
  .refine(({ min, max }) => min === max && min > 0, { error: "expected one percentage above 0%" })
  .transform(({ min }) => min)
  .meta({ title: "percentage" })
  .prefault("100%");

/** `ttl` of a load. */
export const loadTtl = z
  .strictObject({
    of,
    share: share.describe(
      "Share of the writes that are about a deadline; any other is a plain SET, which takes one away",
    ),
    by: list(z.enum(DEADLINE_COMMANDS))
      .prefault([...DEADLINE_COMMANDS])
      .describe("The commands, each equally often: `pexpireat` and `persist` leave the key's value as it is"),
  })
  .optional()
  .describe("Keys that expire: `{ of: 5s..30s, share: 50% }`");

/** `ttl` of the preload. */
export const preloadTtl = z
  .strictObject({ of, share: share.describe("Share of the keys that expire, by PEXPIRE behind what writes each") })
  .optional()
  .describe("Keys that expire: `{ of: 5s..30s, share: 50% }`");
