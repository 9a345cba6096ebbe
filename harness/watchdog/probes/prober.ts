import type { Clock } from "../../base/clock.ts";
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

/** Between two reports while a node is not as healthy ones are, and once more when that is over. ms */
const TROUBLE_EVERY = 50;
/** What is waited for waits this long for that of the other nodes: faults wait for what an INFO says. ms */
const NEWS_WITHIN = 20;
/** What is due so soon is done in the same turn. ms */
const SOON = 5;

/**
 * Asks all nodes and posts reports. Everything of the probe thread but the thread itself, so that a test can run it on a
 * thread of its own choice. There is one timer, set to the next thing that is due: who wakes up seldom and asks several
 * questions at once costs little, and the servers wake up as seldom.
 */
export function startProber(data: Omit<ProbeThreadData, "origin">, clock: Clock, post: (report: ProbeReport) => void) {
  const { nodes, plan } = data;
  const origin = clock.now();
  let timer: NodeJS.Timeout | undefined;
  let due = Number.POSITIVE_INFINITY;
  /** How late this thread was at worst since the last report. ms */
  let late = 0;
  let reportedAt = origin;
  let wasTroubled = false;
  let stopped = false;

  const wakeAt = (at: number): void => {
    if (stopped || at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(turn, Math.max(0, at - clock.now()));
  };
  const onNews = (): void => wakeAt(clock.now() + NEWS_WITHIN);
  const probers = new Map(nodes.map((node) => [node.name, new NodeProber(node, plan, { clock, origin, onNews })]));
  const all = [...probers.values()];

  const turn = (): void => {
    const now = clock.now();
    late = Math.max(late, now - due);
    due = Number.POSITIVE_INFINITY;
    for (const prober of all) prober.askWhatIsDue(now + SOON);
    // A late timer fires before the sockets are read. The immediate runs after they were: an answer that already lies
    // in the kernel's buffer is then counted as an answer, not as silence.
    setImmediate(lookAround);
  };
  const lookAround = (): void => {
    if (stopped) return;
    const t = clock.now();
    const troubled = all.some((prober) => prober.isTroubled(t));
    const awaited = all.some(({ isAwaited }) => isAwaited);
    const every = troubled || wasTroubled ? TROUBLE_EVERY : REPORT_EVERY;
    if (awaited || t + SOON >= reportedAt + every || all.some((prober) => prober.hangsSince(reportedAt, t))) {
      post({ t, loopDelay: late, nodes: all.map((prober) => prober.report()) });
      late = 0;
      reportedAt = t;
      wasTroubled = troubled;
    }
    wakeAt(Math.min(reportedAt + (troubled ? TROUBLE_EVERY : REPORT_EVERY), ...all.map((prober) => prober.next(t))));
  };

  wakeAt(origin);
  return (order: ProbeOrder): void => {
    if (order.type !== "stop") {
      probers.get(order.node)?.obey(order);
      return;
    }
    stopped = true;
    clearTimeout(timer);
    for (const prober of all) prober.stop();
  };
}
