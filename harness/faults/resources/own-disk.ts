import { ChaosError } from "../../base/chaos-error.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import type { NodeResources } from "../../cluster/node-resources.ts";
import { sizeParameter } from "../parameters.ts";

/** The parameter `disk` of faults that need one: how large each node's own disk is. */
export const diskSize = sizeParameter("size of the disk of its own that every node gets for its data", {
  least: "32MiB",
}).default("1GiB");

/** @throws ChaosError internal: the run has made none */
export function diskOf(node: ClusterNode): NonNullable<NodeResources["disk"]> {
  const { disk } = node.resources;
  if (!disk) throw new ChaosError("internal", `${node.name} has no disk of its own`);
  return disk;
}

/** Bytes as people read them. */
export function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
