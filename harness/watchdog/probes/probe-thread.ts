import { parentPort, workerData } from "node:worker_threads";
import { ChaosError } from "../../base/chaos-error.ts";
import { monotonicClock } from "../../base/clock.ts";
import { type ProbeOrder, type ProbeThreadData, startProber } from "./prober.ts";

// The probe thread: nothing but probes runs here, so that a busy main thread cannot make a node look silent.

const port = parentPort;
if (!port) throw new ChaosError("internal", "probe-thread.ts runs only as a worker thread");

const { origin, ...data } = workerData as ProbeThreadData;
const obey = startProber(data, monotonicClock(origin), (report) => port.postMessage(report));
port.on("message", (order: ProbeOrder) => {
  obey(order);
  if (order.type === "stop") port.close();
});
