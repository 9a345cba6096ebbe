import { parentPort, workerData } from "node:worker_threads";
import { ChaosError } from "../base/chaos-error.ts";
import { monotonicClock } from "../base/clock.ts";
import { seededRandom } from "../base/random.ts";
import { Generator } from "./generator.ts";
import type { FromThread, ThreadPlan, ToThread } from "./messages.ts";
import { workloads } from "./workloads/registry.ts";

/* A load thread: all generators of its share. It does what the main thread says and never decides by itself. */

const port = parentPort;
if (!port) throw new ChaosError("internal", "harness/load/worker.ts runs only as a worker thread");
const plan = workerData as ThreadPlan;
const clock = monotonicClock(plan.origin);
const random = seededRandom(plan.seed);

const generators = new Map(
  plan.loads.map(({ spec, targets, share }): [string, Generator] => {
    const workload = workloads.get(spec.workload);
    if (!workload) throw new ChaosError("internal", `no workload "${spec.workload}"`);
    const fork = random.fork(`load/${spec.name}/${share.index}`);
    const { password } = plan;
    return [spec.name, new Generator({ spec, workload, targets, share, random: fork, clock, password })];
  }),
);

const tell = (message: FromThread) => port.postMessage(message);
const samples = () => [...generators.values()].map((generator) => generator.sample());

port.on("message", async (message: ToThread) => {
  if (message.type === "start") for (const generator of generators.values()) generator.start(message.at);
  else if (message.type === "sample") tell({ type: "sample", tick: message.tick, loads: samples() });
  else if (message.type === "retarget") generators.get(message.load)?.retarget(message.targets);
  else {
    await Promise.all([...generators.values()].map((generator) => generator.stop()));
    tell({ type: "stopped", loads: samples() });
    port.close();
  }
});
tell({ type: "ready" });
