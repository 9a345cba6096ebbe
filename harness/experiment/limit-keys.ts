import { z } from "zod";
import { sizeRange } from "../base/units.ts";
import type { Limits } from "../journal/limits.ts";

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

/** The keys of an experiment that limit what servers may do on the way. */
export const limitKeys = {
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

type Given = { [K in keyof typeof limitKeys]: z.output<(typeof limitKeys)[K]> };

/** The limits as the plan holds them. */
export function limitsOf({ "full-syncs": syncs, memory }: Given): Limits {
  return {
    fullSyncs: syncs ? { most: syncs.most ?? null, failed: syncs.failed ?? null } : null,
    memory: memory?.growth ?? null,
  };
}
