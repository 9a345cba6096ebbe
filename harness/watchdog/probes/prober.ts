import type { Clock } from "../../base/clock.ts";
import { LoopDelay } from "../loop-delay.ts";
import { type ProbeReport, REPORT_EVERY } from "../observation.ts";
import { type NodeOrder, NodeProber, type ProbedNode, type ProbePlan } from "./node-prober.ts";

/** What the probe thread gets as its workerData. */
export interface ProbeThreadData {
  origin: bigint;
  nodes: ProbedNode[];
  plan: ProbePlan;
}

/** From the main thread to the probe thread. */
export type ProbeOrder = NodeOrder | { type: "stop" };

/** How often is looked what is due; more often where questions or polls come more often than this. ms */
const TICK = 25;
/** Between two reports while a node is not as healthy ones are, and once more when that is over. ms */
const TROUBLE_EVERY = 100;
/** With a new INFO: faults wait for what it says. ms */
const STATE_EVERY = 20;

/**
 * Asks all nodes and posts reports. Everything of the probe thread but the thread itself, so that a test can run it on a
 * thread of its own choice. There is one timer: who wakes up seldom and asks several questions at once costs little, and the
 * servers wake up as seldom.
 */
export function startProber(data: Omit<ProbeThreadData, "origin">, clock: Clock, post: (report: ProbeReport) => void) {
  const { nodes, plan } = data;
  const probers = new Map(nodes.map((node) => [node.name, new NodeProber(node, plan, clock)]));
  const all = [...probers.values()];
  const tick = Math.min(TICK, plan.interval, plan.poll);
  let reportedAt = Number.NEGATIVE_INFINITY;
  let wasTroubled = false;
  const report = (): void => {
    if (stopped) return;
    const t = clock.now();
    const troubled = all.some((prober) => prober.isTroubled(t));
    const told = all.some(({ hasState }) => hasState);
    const every = told ? STATE_EVERY : troubled || wasTroubled ? TROUBLE_EVERY : REPORT_EVERY;
    // Half a tick early is nearer than half a tick late.
    if (t - reportedAt < every - tick / 2) return;
    reportedAt = t;
    wasTroubled = troubled;
    post({ t, loopDelay: delay.take(), nodes: all.map((prober) => prober.report()) });
  };
  const delay = new LoopDelay(tick, () => {
    const now = clock.now() + tick / 2;
    for (const prober of all) prober.askWhatIsDue(now);
    // A late timer fires before the sockets are read. The immediate runs after they were: an answer that already lies
    // in the kernel's buffer is then counted as an answer, not as silence.
    setImmediate(report);
  });
  let stopped = false;
  return (order: ProbeOrder): void => {
    if (order.type !== "stop") {
      probers.get(order.node)?.obey(order);
      return;
    }
    stopped = true;
    delay.stop();
    for (const prober of all) prober.stop();
  };
}
