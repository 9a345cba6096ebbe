import { faults } from "../../faults/registry.ts";
import type { RunOptions } from "../run-options.ts";
import { attachesLater, configOf, ownDisk } from "../start-cluster.ts";

/**
 * Two runs with the same text need the same cluster; null: what this one needs is not for another. A cluster in which servers choose their
 * master is none that could be put back; nor is one whose replicas copied a checkpoint that the server may hand out again.
 */
export function clusterKey({ plan, system, compose, image, toxiproxyImage, keep }: RunOptions): string | null {
  const { experiment } = plan;
  const special =
    keep ||
    experiment.locks ||
    experiment.cores ||
    ownDisk(plan) !== null ||
    plan.faults.some(({ fault }) => faults.get(fault)?.interposes) ||
    experiment.fullSync === "force" ||
    (experiment.databases ?? 1) > 1 ||
    (experiment.namespaces ?? 1) > 1;
  if (special || compose.mode !== null || compose.services.some(({ role }) => role === "helper")) return null;
  const config = configOf(experiment, system);
  const { images } = experiment;
  return JSON.stringify([
    ...[system.name, image, images.nodes ?? null, toxiproxyImage, config, attachesLater(experiment)],
    ...[compose.services, compose.networks],
  ]);
}
