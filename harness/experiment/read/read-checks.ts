import type { ExperimentFacts, FaultFacts } from "../../checks/needs.ts";
import { commandsOf } from "../../journal/plan.ts";
import { DEFAULT_CHECKS } from "../default-checks.ts";
import type { Experiment, FaultSpec } from "../experiment.ts";
import type { ExperimentShape } from "../registries.ts";
import type { Reading } from "./reading.ts";

type Read = Pick<Experiment, "load" | "benchmarks" | "faults" | "systems" | "expectations" | "locks" | "limits">;

/**
 * The checks of an experiment: those that it lists, of which each must be known and able to answer here, or the default ones that can.
 * @param raw as it is in the file, with its own mistakes
 * @param read undefined: other mistakes hide what there is
 */
export function readChecks(
  raw: unknown,
  listed: string[] | undefined,
  read: Read | undefined,
  reading: Reading,
): string[] {
  const { registries, mistakes, shape } = reading;
  const { checks } = registries;
  const facts = read && shape && factsOf(read, shape, reading);
  const missing = (name: string) => (facts && checks.get(name)?.needs?.(facts)) ?? null;
  const names: readonly unknown[] = Array.isArray(raw) ? raw : [];
  names.forEach((name, index) => {
    if (typeof name !== "string") return;
    const path = ["checks", index];
    if (!checks.has(name)) mistakes.unknown(path, "check", name, checks.keys());
    const why = missing(name);
    if (why) mistakes.add(path, `${name} ${why.what}`, why.hint);
  });
  return listed ?? DEFAULT_CHECKS.filter((name) => missing(name) === null);
}

/** What the checks may ask of an experiment before it is run. */
function factsOf(
  { load, benchmarks, faults, systems, expectations, locks, limits }: Read,
  shape: ExperimentShape,
  { registries: { workloads } }: Reading,
): ExperimentFacts {
  return {
    loads: [
      ...load.map(({ name, workload, keyPrefix, record }) => ({
        name,
        workload,
        keyPrefix,
        recorded: record ? (workloads.get(workload)?.recorded ?? null) : null,
      })),
      ...benchmarks.map(({ name }) => ({ name, workload: null, keyPrefix: null, recorded: null })),
    ],
    faults: faults.map(faultFacts),
    systems,
    shape,
    expectations: expectations.length,
    locks,
    limits,
  };
}

function faultFacts({ id, fault: kind, params }: FaultSpec): FaultFacts {
  const { node } = params;
  const commands = commandsOf(params).map(({ words }) => words);
  return { id, kind, node: typeof node === "string" ? node : null, commands };
}
