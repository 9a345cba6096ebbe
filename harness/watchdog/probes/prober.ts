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

/**
 * Asks all nodes and posts a report every REPORT_EVERY ms. Everything of the probe thread but the thread itself, so
 * that a test can run it on a thread of its own choice.
 */
export function startProber(data: Omit<ProbeThreadData, "origin">, clock: Clock, post: (report: ProbeReport) => void) {
  const probers = new Map(data.nodes.map((node) => [node.name, new NodeProber(node, data.plan, clock)]));
  const delay = new LoopDelay();
  const timer = setInterval(() => {
    // A late timer fires before the sockets are read. The immediate runs after they were: an answer that already lies
    // in the kernel's buffer is then counted as an answer, not as silence.
    setImmediate(() => {
      if (stopped) return;
      const loopDelay = delay.take();
      post({ t: clock.now(), loopDelay, nodes: [...probers.values()].map((prober) => prober.report()) });
    });
  }, REPORT_EVERY);
  let stopped = false;
  return (order: ProbeOrder): void => {
    if (order.type !== "stop") {
      probers.get(order.node)?.obey(order);
      return;
    }
    stopped = true;
    clearInterval(timer);
    delay.stop();
    for (const prober of probers.values()) prober.stop();
  };
}
