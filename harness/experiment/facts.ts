import type { ExperimentFacts, FaultFacts } from "../checks/needs.ts";
import { type BenchmarkSpec, commandsOf, type LoadSpec } from "../journal/plan.ts";
import type { FaultSpec } from "./experiment.ts";
import type { ExperimentShape, Registries } from "./registries.ts";

/** What the checks may ask of an experiment before it is run. */
export function factsOf(
  {
    load,
    benchmarks,
    faults,
    systems,
    shape,
    expectations,
  }: {
    load: readonly LoadSpec[];
    benchmarks: readonly BenchmarkSpec[];
    faults: readonly FaultSpec[];
    systems: readonly string[];
    shape: ExperimentShape;
    expectations: readonly unknown[];
  },
  { workloads }: Pick<Registries, "workloads">,
): ExperimentFacts {
  return {
    loads: [
      ...load.map(({ name, workload, keyPrefix, record }) => ({
        name,
        workload,
        keyPrefix,
        recorded: record ? (workloads.get(workload)?.recorded?.does ?? null) : null,
      })),
      ...benchmarks.map(({ name }) => ({ name, workload: null, keyPrefix: null, recorded: null })),
    ],
    faults: faults.map(faultFacts),
    systems,
    shape,
    expectations: expectations.length,
  };
}

function faultFacts({ id, fault: kind, params }: FaultSpec): FaultFacts {
  const { node } = params;
  const commands = commandsOf(params).map(({ words }) => words);
  return { id, kind, node: typeof node === "string" ? node : null, commands };
}
