import { sizeParameter } from "../parameter.ts";

/** The parameter `disk` of faults that need one: how large each node's own disk is. */
export const diskSize = sizeParameter("size of the disk of its own that every node gets for its data", {
  least: "32MiB",
}).default("1GiB");

/** Bytes as people read them. */
export function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
