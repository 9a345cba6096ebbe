import { Worker } from "node:worker_threads";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";
import type { ProbeReport } from "../observation.ts";
import type { ProbeOrder, ProbeThreadData } from "./prober.ts";

const START_WITHIN = 20_000;
const STOP_WITHIN = 2000;

/**
 * Starts the probe thread and waits for its first report.
 * @param onEnd it ended after it had started
 */
export async function startProbeThread(
  data: ProbeThreadData,
  signal: AbortSignal,
  onReport: (report: ProbeReport) => void,
  onEnd: (reason: string) => void,
) {
  const worker = new Worker(new URL("./probe-thread.mjs", import.meta.url), {
    execArgv: [],
    workerData: data,
    name: "kvchaos-probes",
  });
  let reason = "it exited";
  worker.on("error", (error) => {
    reason = messageOf(error);
  });
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  worker.on("message", onReport);
  try {
    await withDeadline({ what: "the start of the probe thread", within: START_WITHIN, signal }, () => {
      return new Promise<void>((resolve, reject) => {
        worker.once("message", () => resolve());
        worker.once("exit", () => reject(new ChaosError("internal", `the probe thread did not start: ${reason}`)));
      });
    });
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  worker.once("exit", () => onEnd(reason));
  const order = (what: ProbeOrder): void => worker.postMessage(what);
  /** Closes its sockets and ends it; by force when that takes too long. */
  const stop = async (): Promise<void> => {
    order({ type: "stop" });
    await withDeadline({ what: "the end of the probe thread", within: STOP_WITHIN }, () => ended).catch(() => {
      return worker.terminate();
    });
  };
  return { order, stop };
}
