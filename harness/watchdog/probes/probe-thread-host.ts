import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ChaosError } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";
import type { ProbeReport } from "../observation.ts";
import type { ProbeOrder, ProbeThreadData } from "./prober.ts";

const START_WITHIN = 20_000;
const STOP_WITHIN = 2000;

interface ProbeThread {
  order(order: ProbeOrder): void;
  /** Closes its sockets and ends it; by force after two seconds. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts the probe thread and waits for its first report.
 * @param onEnd the thread ended without being asked to
 */
export async function startProbeThread(
  data: ProbeThreadData,
  signal: AbortSignal,
  onReport: (report: ProbeReport) => void,
  onEnd: (reason: string) => void,
): Promise<ProbeThread> {
  const worker = new Worker(new URL("./probe-thread.mjs", import.meta.url), {
    execArgv: [],
    workerData: data,
    name: "kvchaos-probes",
  });
  let stopping: Promise<void> | undefined;
  let reason = "it exited";
  const ended = once(worker, "exit").then(
    () => {},
    () => {},
  );
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      worker.postMessage({ type: "stop" } satisfies ProbeOrder);
      await withDeadline({ what: "the end of the probe thread", within: STOP_WITHIN }, () => ended).catch(() => {
        return worker.terminate().then(() => {});
      });
    })();
    return stopping;
  };
  worker.on("error", (error) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  worker.on("exit", () => {
    if (!stopping) onEnd(reason);
  });
  try {
    const started = new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("exit", () => reject(new ChaosError("internal", `the probe thread did not start: ${reason}`)));
    });
    worker.on("message", onReport);
    await withDeadline({ what: "the start of the probe thread", within: START_WITHIN, signal }, () => started);
  } catch (error) {
    stopping ??= worker.terminate().then(() => {});
    await stopping;
    throw error;
  }
  return { order: (order) => worker.postMessage(order), stop };
}
