import path from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { ChaosError } from "../base/chaos-error.ts";
import { monotonicClock } from "../base/clock.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { HistoryWriter } from "../history/writer.ts";
import type { LoadTarget } from "./load.ts";
import { LoadGenerator } from "./load-generator.ts";
import { OperationLog } from "./operation-log.ts";
import type { FromThread, LoadShare, ShareEnd, ThreadPlan, ToThread } from "./thread-messages.ts";
import { loadOwnWorkloads } from "./workloads/own-workloads.ts";
import { workloadNamed } from "./workloads/registry.ts";

/* A load thread: all generators of its share. It does what the main thread says and never decides by itself. */

const port = parentPort;
if (!port) throw new ChaosError("internal", "harness/load/load-thread.ts runs only as a worker thread");
const plan = workerData as ThreadPlan;
const clock = monotonicClock(plan.origin);
const random = seededRandom(plan.seed);
await loadOwnWorkloads();

/** Of the recorded loads: what each file is of, and who writes it. */
const histories: { load: string; file: string; writer: HistoryWriter }[] = [];

const generators = new Map(
  plan.loads.map((one): [string, LoadGenerator] => {
    const { spec, targets, share, peers, table } = one;
    const workload = workloadNamed(spec.workload);
    const own = random.fork(`load/${spec.name}/${share.index}`);
    const { login } = plan;
    const log = logOf(one, own);
    const onMoved = (from: LoadTarget, text: string) => tell({ type: "moved", load: spec.name, from, text });
    const onOutOfStep = (node: string, text: string, command: string | undefined) =>
      tell({ type: "out-of-step", load: spec.name, node, text, command: command ?? null });
    const onLost = (node: string, words: string) => tell({ type: "lost", load: spec.name, node, words });
    const options = { spec, workload, targets, share, random: own, clock, login, log, peers, table };
    return [spec.name, new LoadGenerator({ ...options, onMoved, onOutOfStep, onLost })];
  }),
);

function logOf({ spec, share, history }: LoadShare, own: Random): OperationLog | undefined {
  if (!history) return undefined;
  const { directory, file, nodes } = history;
  const writer = HistoryWriter.open(path.join(directory, file));
  histories.push({ load: spec.name, file, writer });
  return new OperationLog({ spec, writer, nodes, share, random: own });
}

const closeHistories = (): Promise<ShareEnd[]> =>
  Promise.all(histories.map(async ({ load, file, writer }) => ({ ...(await writer.close()), load, file })));

const tell = (message: FromThread, leave: ArrayBuffer[] = []) => port.postMessage(message, leave);
const samples = () => [...generators.values()].map((generator) => generator.sample());

port.on("message", async (message: ToThread) => {
  if (message.type === "start") for (const generator of generators.values()) generator.start(message.at);
  else if (message.type === "sample") {
    for (const { writer } of histories) writer.flush();
    const loads = samples();
    // They leave this thread, which seldom has anything to collect: what it keeps, it keeps for long.
    const leave = loads.map(({ latency }) => latency.counts.buffer);
    tell({ type: "sample", tick: message.tick, loads }, leave);
  } else if (message.type === "retarget") generators.get(message.load)?.retarget(message.targets);
  else {
    await Promise.all([...generators.values()].map((generator) => generator.stop()));
    tell({ type: "stopped", loads: samples(), histories: await closeHistories() });
    port.close();
  }
});
tell({ type: "ready" });
