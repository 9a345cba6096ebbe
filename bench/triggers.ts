import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { monotonicClock } from "../harness/base/clock.ts";
import { until } from "../harness/base/deadline.ts";
import type { RunningCluster } from "../harness/cluster/running-cluster.ts";
import { connectEngine } from "../harness/docker/engine.ts";
import { faults } from "../harness/faults/registry.ts";
import type { PlannedCondition } from "../harness/journal/plan.ts";
import { Claims } from "../harness/run/chaos/claims.ts";
import { FaultRunner } from "../harness/run/chaos/fault-runner.ts";
import { TriggerSource } from "../harness/run/chaos/triggers.ts";
import { Examinations } from "../harness/run/examinations.ts";
import { withCluster } from "./support/plain-cluster.ts";
import { type BenchRow, quantile } from "./table.ts";

/*
 *   r1's log: "21:04:11.123 * … Finished with success"      the state is there, by the server's own clock
 *        │ state ► trigger
 *   event `inject`
 *        │ trigger ► cut
 *   the last byte through the link client -> m1              by a thread that does nothing but send PING after PING
 */

export const title = "Triggers";

const FOR_MS = 40_000;
const FIRE_MS = 50;
const CUT_MS = 20;
const ROUND_MS = 15_000;
/** Longer than any answer of a server that nobody else asks. */
const SILENT_MS = 100;
const LINK = "client -> m1";

/** Each with the line of r1's log that comes when it is there. */
const WAITS: [PlannedCondition, RegExp][] = [
  [{ kind: "state", node: "r1", state: "full-sync", progress: null }, /Full resync from master/],
  [{ kind: "state", node: "r1", state: "link-up", progress: null }, /Finished with success/],
  [{ kind: "state", node: "r1", state: "master", progress: null }, /MASTER MODE enabled/],
  [{ kind: "log", node: "r1", pattern: "Finished with success", nth: 1 }, /Finished with success/],
];

interface Late {
  fired: number;
  cut: number;
}

export async function rows(): Promise<BenchRow[]> {
  const late: Late[] = [];
  await withCluster(
    await connectEngine(),
    1,
    async (cluster) => {
      const { host, port } = cluster.link("client", "m1").published;
      const pings = new Pings(host, port);
      const end = performance.now() + FOR_MS;
      for (let round = 0; performance.now() < end; round++) {
        const [when, line] = WAITS[round % WAITS.length] as (typeof WAITS)[number];
        late.push(await measure(cluster, pings, when, line));
      }
      await pings.stop();
    },
    ["m1"],
  );
  return [
    row(
      `from the state in the server's log to its fault, ${late.length} times`,
      FIRE_MS,
      late.map(({ fired }) => fired),
    ),
    row(
      "from the fault to the last byte through its link",
      CUT_MS,
      late.map(({ cut }) => cut),
    ),
  ];
}

function row(what: string, limit: number, figures: readonly number[]): BenchRow {
  const [half, most] = [quantile(figures, 0.5), quantile(figures, 0.99)];
  const ours = `p50 ${half.toFixed(1)} ms, p99 ${most.toFixed(1)} ms`;
  return { what, ours, other: `${limit} ms`, ratio: most / limit, spread: null, goal: { atMost: 1 } };
}

/** One link that is cut when r1 gets into a state. */
async function measure(cluster: RunningCluster, pings: Pings, when: PlannedCondition, line: RegExp): Promise<Late> {
  const seen = { state: 0, inject: 0, injected: false };
  const clock = monotonicClock();
  const triggers = new TriggerSource(cluster, () => {});
  const runner = new FaultRunner({
    planned: [
      {
        id: "cut",
        fault: "partition",
        trigger: { kind: "when", when, delay: 0 },
        duration: null,
        params: { links: [LINK], mode: "blackhole", direction: "both" },
      },
    ],
    registry: faults,
    cluster,
    claims: new Claims(),
    examinations: new Examinations(clock),
    triggers,
    clock,
    emit: (event) => {
      if (event.type === "fault" && event.step === "inject") seen.inject = wallClock();
      if (event.type === "fault" && event.step === "injected") seen.injected = true;
    },
    beforeHeal: async () => {},
    keep: async (file: string) => file,
    capture: async () => {},
  });
  if (when.kind !== "state" || when.state !== "master") await apart(cluster);
  const stopReading = cluster.onLogLine((node, text) => {
    if (node === "r1" && line.test(text)) seen.state ||= timeOf(text);
  });
  const over = new AbortController();
  const faultsDone = runner.run(clock.now(), over.signal);
  if (when.kind === "state" && when.state === "master") await apart(cluster);
  else await cluster.applyRole("r1");
  const last = await until({ what: "the cut", within: ROUND_MS, every: 20 }, async () => {
    const { at, now } = await pings.last();
    return seen.state > 0 && seen.injected && now - at > SILENT_MS && at;
  });
  stopReading();
  await runner.healAll();
  over.abort();
  await faultsDone;
  await cluster.applyRole("r1");
  await until({ what: "r1 to replicate again", within: ROUND_MS }, async () => {
    const { link, syncing } = await cluster.node("r1").state();
    const { at, now } = await pings.last();
    return link === "up" && !syncing && now - at < SILENT_MS;
  });
  return { fired: seen.inject - seen.state, cut: last - seen.inject };
}

/** A replica that was changed on its own needs all data again. */
async function apart(cluster: RunningCluster): Promise<void> {
  const r1 = cluster.node("r1");
  await r1.admin(cluster.system.commands.promote());
  await r1.admin(["SET", "own", String(performance.now())]);
}

/** ms since 1970, with fractions. */
const wallClock = (): number => performance.timeOrigin + performance.now();

/** The time in a line of Redis' log, ms since 1970. */
function timeOf(line: string): number {
  const [, time = ""] = /(\d+ \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3})/.exec(line) ?? [];
  return Date.parse(`${time} UTC`);
}

const PINGS = `
  const { connect } = require("node:net");
  const { parentPort, workerData } = require("node:worker_threads");
  const now = () => performance.timeOrigin + performance.now();
  const socket = connect({ ...workerData, noDelay: true });
  const ask = () => socket.write("PING\\r\\n");
  let at = 0;
  socket.on("connect", ask);
  socket.on("data", () => {
    at = now();
    setTimeout(ask, 1);
  });
  parentPort.on("message", () => parentPort.postMessage({ at, now: now() }));
`;

/** A thread that sends the next PING 1 ms after each answer. */
class Pings {
  readonly #worker: Worker;

  constructor(host: string, port: number) {
    this.#worker = new Worker(PINGS, { eval: true, workerData: { host, port } });
  }

  /** When the last answer came, and when that was asked. */
  async last(): Promise<{ at: number; now: number }> {
    const answer = once(this.#worker, "message");
    this.#worker.postMessage("last");
    return (await answer)[0];
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
