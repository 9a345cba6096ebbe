import { availableParallelism } from "node:os";
import { ChaosError } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";
import type { LoadOptions } from "./load.ts";
import { LoadRunner } from "./load-runner.ts";
import { recordedSide } from "./operation-log.ts";
import { workloads } from "./workloads/registry.ts";

const BOOT_MS = 30_000;

/**
 * Starts all loads of an experiment in worker threads; resolves when the threads run (connections may still be opening).
 * Emits one `load` event per load and second, and a last one when it stops: their sum is what `stop` returns.
 * Rejects with ChaosError `invalid-experiment` (unknown workload, or one that cannot be recorded), `timeout` or `internal` (no thread), or the signal's reason.
 */
export async function startLoad(options: LoadOptions): Promise<LoadRunner> {
  const { specs, signal, threads: wanted } = options;
  signal.throwIfAborted();
  for (const spec of specs) {
    const workload = workloads.get(spec.workload);
    if (!workload) {
      throw new ChaosError("invalid-experiment", `there is no workload "${spec.workload}"`, {
        hint: `Use one of: ${[...workloads.keys()].join(", ")}.`,
      });
    }
    if (!spec.record) continue;
    recordedSide(spec, workload);
    if (!options.history) throw new ChaosError("internal", `nobody said where to record the load ${spec.name}`);
  }
  const cores = availableParallelism();
  const threads = Math.max(1, Math.min(wanted ?? Math.floor(cores / 4), cores - 1));
  const runner = new LoadRunner(options, threads);
  try {
    await withDeadline({ what: "the start of the load threads", within: BOOT_MS, signal }, () => runner.ready());
  } catch (error) {
    await runner.terminate();
    throw error;
  }
  runner.start();
  return runner;
}
