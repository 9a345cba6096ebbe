import type { Check } from "../../checks/check.ts";
import type { Fault } from "../../faults/fault.ts";
import type { Workload } from "../../load/workloads/workload.ts";
import type { Reporter } from "../../report/reporter.ts";

/** What kvchaos.config.mjs or kvchaos.config.ts exports by default: all that experiments may name beside what kvchaos has. */
export interface Config {
  readonly faults?: readonly Fault[];
  readonly checks?: readonly Check[];
  readonly workloads?: readonly Workload[];
  /** They are asked for every run: `onEvent` while it goes on, `onEnd` with its folder. */
  readonly reporters?: readonly Reporter[];
}

/** The config as it is: it only gives it its type. */
export function defineConfig(config: Config): Config {
  return config;
}
