import type { Random } from "../../base/random.ts";
import { bytes, half, maybe, weighted } from "./chance.ts";

/** Kinds of keys of the workload `commands`, which is left with strings at least. */
const GROUPS = ["@list", "@set", "@sorted-set", "@hash", "@stream", "@bitmap", "@hyperloglog", "@geo", "@generic"];

/**
 * One to three loads, of a random half of the workloads.
 * @param recordable a recorded load can be judged here @param talking an operation takes several commands: no pipeline
 */
export function drawLoads(
  random: Random,
  workloads: readonly string[],
  recordable: readonly string[],
  talking: readonly string[],
): Record<string, unknown>[] {
  const some = half(random, workloads);
  const count = weighted(random, [
    [1, 2],
    [2, 3],
    [3, 2],
  ]);
  return Array.from({ length: Math.min(count, some.length) }, (_, index) => {
    const workload = some[index] as string;
    const record = recordable.includes(workload) && maybe(random, 0.5) ? { record: true } : {};
    return {
      workload,
      name: `${workload}-${index + 1}`,
      connections: random.pick([1, 2, 4, 8, 16]),
      rate: `${random.pick([50, 200, 500])}/s`,
      keys: random.pick([10, 100, 1000, 3000]),
      value: bytes(random, 10, 4_000),
      ...(!talking.includes(workload) && maybe(random, 0.3) && { pipeline: random.pick([2, 8, 32]) }),
      // Without half of the kinds those that are left meet more often.
      ...(workload === "commands" && { without: half(random, GROUPS) }),
      ...record,
    };
  });
}

/**
 * Data before anything else: enough that a full sync takes a while, little enough that a run stays short.
 * @param syncs full syncs are to last for seconds
 */
export function drawPreload(random: Random, syncs = false): Record<string, unknown> | undefined {
  if (syncs) return { keys: random.pick([1000, 2000, 3000]), value: bytes(random, 2_000, 6_000), types: ["string"] };
  return weighted<Record<string, unknown> | undefined>(random, [
    [undefined, 1],
    [{ keys: random.pick([100, 500, 1000]), value: bytes(random, 20, 2_000) }, 4],
    [{ keys: random.pick([1000, 2000]), value: bytes(random, 2_000, 10_000), types: ["string"] }, 2],
  ]);
}
