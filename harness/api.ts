/**
 * `kvchaos/api`: what plug-ins are written with. A file kvchaos.config.mjs (or .ts) exports them by default: docs/plug-ins.md.
 */
export { ChaosError } from "./base/chaos-error.ts";
export { sleep, until, withDeadline } from "./base/deadline.ts";
export { type Check, type CheckResult, resultOf, unknownBecause } from "./checks/check.ts";
export { type Config, defineConfig } from "./cli/config/config.ts";
export { defineFault, type Effect, type Fault, type FaultContext, type Injected } from "./faults/fault.ts";
export {
  choiceParameter,
  drawnDurationParameter,
  durationParameter,
  linksParameter,
  nodeParameter,
  parameters,
  percentParameter,
  sizeParameter,
  switchParameter,
  wholeNumberParameter,
} from "./faults/parameters.ts";
export { selectLink, selectNode } from "./faults/selector.ts";
export type { Finding, JournalEvent } from "./journal/events.ts";
export type { RunRecord } from "./journal/record.ts";
export { always, command, keys, numbered, randomText, values } from "./load/workloads/keys-and-values.ts";
export type { Workload } from "./load/workloads/workload.ts";
export type { Reporter } from "./report/reporter.ts";
