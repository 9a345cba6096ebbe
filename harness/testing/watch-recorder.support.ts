import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import type { EventOf, EventType, JournalEvent, NodeCondition } from "../journal/events.ts";
import type { WatchdogSettings } from "../journal/plan.ts";
import { redis } from "../systems/redis.ts";
import { startWatchdog } from "../watchdog/start-watchdog.ts";
import type { NodeVerdict, RunningWatchdog, WatchdogOptions, WatchedNode } from "../watchdog/watchdog.ts";

/* Test support: a watchdog whose events are kept, and nodes that can be changed while it runs. */

const QUICK: WatchdogSettings = {
  hangAfter: 1000,
  hangLimit: null,
  slowAfter: null,
  stallAfter: 1500,
  connections: 4,
  interval: 50,
  poll: 200,
};

/** A watched node whose answers are plain fields. */
export interface MutableNode extends Pick<WatchedNode, "name" | "system" | "role" | "host" | "port"> {
  pid: number | null;
  container: ReturnType<WatchedNode["container"]>;
  claimed: "paused" | "down" | null;
  master: string | null;
}

export function mutableNode(name: string, port: number, more: Partial<MutableNode> = {}): MutableNode {
  return {
    name,
    system: redis,
    role: "master",
    host: "127.0.0.1",
    port,
    pid: null,
    container: { running: true, paused: false, exitCode: null },
    claimed: null,
    master: null,
    ...more,
  };
}

export interface Recording {
  watchdog: RunningWatchdog;
  verdicts: NodeVerdict[];
  of<T extends EventType>(type: T): EventOf<T>[];
  /** Waits until the node has this condition, or one of these. */
  becomes(node: string, condition: NodeCondition | readonly NodeCondition[], within?: number): Promise<NodeVerdict>;
  /** Conditions the node went through, in order. */
  path(node: string): NodeCondition[];
  stop(): Promise<void>;
}

export async function record(
  nodes: readonly MutableNode[],
  settings: Partial<WatchdogSettings> = {},
  more: Partial<WatchdogOptions> = {},
): Promise<Recording> {
  const events: JournalEvent[] = [];
  const verdicts: NodeVerdict[] = [];
  const clock = monotonicClock();
  const watchdog = await startWatchdog({
    nodes: nodes.map((node) => ({
      ...node,
      pid: () => node.pid,
      container: () => node.container,
      claimed: () => node.claimed,
      master: () => node.master,
    })),
    settings: { ...QUICK, ...settings },
    clock,
    emit: (event) => events.push({ t: clock.now(), ...event } as JournalEvent),
    signal: new AbortController().signal,
    onCondition: (verdict) => verdicts.push(verdict),
    onState: () => {},
    ...more,
  });
  return {
    watchdog,
    verdicts,
    of: <T extends EventType>(type: T) => events.filter((event): event is EventOf<T> => event.type === type),
    becomes: (node, condition, within = 20_000) =>
      until({ what: `${node} to be ${condition}`, within, every: 20 }, () => {
        const verdict = watchdog.verdict(node);
        return [condition].flat().includes(verdict.condition) ? verdict : undefined;
      }),
    path: (node) => ["unknown", ...verdicts.filter((verdict) => verdict.node === node).map((v) => v.condition)],
    stop: () => watchdog.stop(),
  };
}
