import { availableParallelism } from "node:os";
import { ChaosError } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";
import type { LoadOptions } from "./load.ts";
import { LoadRunner } from "./load-runner.ts";
import { recordedSide } from "./operation-log.ts";
import { workloadNamed } from "./workloads/registry.ts";

const BOOT_MS = 30_000;

/**
 * Starts all loads of an experiment in worker threads; resolves when the threads run (connections may still be opening).
 * Emits one `load` event per load and second, and a last one when it stops: their sum is what `stop` returns.
 * Rejects with ChaosError `invalid-experiment` (unknown workload, or one that cannot be recorded), `timeout` or `internal` (no thread), or the signal's reason.
 */
export async function startLoad(options: LoadOptions): Promise<LoadRunner> {
  const { specs, signal } = options;
  signal.throwIfAborted();
  for (const spec of specs) {
    workloadNamed(spec.workload);
    if (!spec.record) continue;
    recordedSide(spec);
    if (!options.history) throw new ChaosError("internal", `nobody said where to record the load ${spec.name}`);
  }
  // A quarter of the cores: the servers need the others.
  const runner = new LoadRunner(options, Math.max(1, Math.floor(availableParallelism() / 4)));
  try {
    await withDeadline({ what: "the start of the load threads", within: BOOT_MS, signal }, () => runner.ready());
  } catch (error) {
    await runner.terminate();
    throw error;
  }
  runner.start();
  return runner;
}
