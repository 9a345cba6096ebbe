import { z } from "zod";
import { sizeRange } from "../base/units.ts";
import { LIMITED_PHASES, type Limits } from "../journal/limits.ts";
import { duration, list, MAX_DURATION } from "./schema-parts.ts";

const MOST = 10_000;

type Growth = NonNullable<Limits["memory"]>;

const growth = z
  .string({ error: 'expected a percentage or a size, like "50%" or "200MiB"' })
  .transform((text, ctx): Growth => {
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(text.trim())?.[1];
    const share = Number(percent ?? Number.NaN) / 100;
    if (share > 0) return { kind: "share", share };
    const size = sizeRange.safeParse(text).data;
    if (size && size.min === size.max && size.min > 0) return { kind: "bytes", bytes: size.min };
    ctx.addIssue({
      code: "custom",
      message: `expected a percentage or a size above nothing, like "50%" or "200MiB", got "${text}"`,
    });
    return z.NEVER;
  })
  .meta({ title: "percentage or size" });

/** A limit with what narrows it; which keys go together is judged in read/read-limits.ts. */
export const limitItem = z.strictObject({
  limit: z.string().describe("What must hold, like `p99 < 50ms`"),
  load: z.string().optional().describe("The name of a load (default: each)"),
  node: z.string().optional().describe("The name of a node (default: each; of a load's measures: all together)"),
  phase: z
    .union([z.enum(LIMITED_PHASES), list(z.enum(LIMITED_PHASES))])
    .optional()
    .describe("When it counts, one or a list (default: all of `chaos`, `heal`, `recovery`)"),
  for: duration(0, MAX_DURATION)
    .optional()
    .describe("So long on end it must not hold to be broken (default: `3s`; `0s` for `memory` and `full-syncs`)"),
  abort: z.boolean().optional().describe("`true`: a broken one ends the chaos phase"),
});
const MOST_LIMITS = 100;
/** The list alone; each of its items is read by itself (read/read-limits.ts). */
export const limitList = z.array(z.unknown()).max(MOST_LIMITS).prefault([]);

/** The keys of an experiment that limit what servers may do on the way. */
export const limitKeys = {
  limits: z
    .array(z.union([z.string(), limitItem]))
    .max(MOST_LIMITS)
    .prefault([])
    .describe(
      "What must hold on the way, like `p99 < 50ms`, or a map of a limit and what narrows it; adds the check `limits`",
    ),
  "full-syncs": z
    .strictObject({
      most: z.int().min(0).max(MOST).optional().describe("So many may begin, however they end"),
      failed: z.int().min(0).max(MOST).optional().describe("So many may be given up that no fault has broken off"),
    })
    .refine(({ most, failed }) => most !== undefined || failed !== undefined, {
      error: "expected most, failed, or both",
    })
    .optional()
    .describe("How many full syncs each replica may have from the beginning of chaos on; adds the check `full-syncs`"),
  memory: z
    .strictObject({
      growth: growth.describe(
        "By how much a server's resident memory may exceed the most that it had in the warm-up: a share of that, or bytes",
      ),
    })
    .optional()
    .describe("How much memory a server may come to use; adds the check `memory`"),
};

type Given = {
  [K in "full-syncs" | "memory"]: z.output<(typeof limitKeys)[K]>;
};

/** The limits as the plan holds them. */
export function limitsOf({ "full-syncs": syncs, memory }: Given): Limits {
  return {
    fullSyncs: syncs ? { most: syncs.most ?? null, failed: syncs.failed ?? null } : null,
    memory: memory?.growth ?? null,
  };
}
