import { sizeRange } from "../../base/units.ts";

const LEAST = 32 * 1024 ** 2;

/** The parameter `disk` of faults that need one: how large each node's own disk is. */
export const diskSize = sizeRange
  .refine(({ min }) => min >= LEAST, { error: "expected at least 32MiB" })
  .default({ min: 1024 ** 3, max: 1024 ** 3 })
  .describe("size of the disk of its own that every node gets for its data (default 1GiB)");

/** Bytes as people read them. */
export function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
