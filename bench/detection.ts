import { monotonicClock } from "../harness/base/clock.ts";
import { until } from "../harness/base/deadline.ts";
import { seededRandom } from "../harness/base/random.ts";
import type { RunningCluster } from "../harness/cluster/running-cluster.ts";
import { connectEngine } from "../harness/docker/engine.ts";
import { HANGS } from "../harness/journal/events.ts";
import type { WatchdogSettings } from "../harness/journal/plan.ts";
import { startWatchdog } from "../harness/watchdog/start-watchdog.ts";
import type { NodeVerdict } from "../harness/watchdog/watchdog.ts";
import { withCluster } from "./support/plain-cluster.ts";
import { type BenchRow, quantile } from "./table.ts";

/*
 * How long from the moment at which a server stops (SIGSTOP from outside) to the verdict, beyond hang-after? Servers are stopped at random
 * moments, some of them at the same time. `npm run bench -- detection [how many servers, "3,12,30"]`
 */

export const title = "Detection";

const FOR_MS = 18_000;
const LIMIT_MS = 250;
const ROUND_MS = 15_000;
/** So many servers at most are stopped at a time. */
const LANES = 4;
/** Of the pause before a server is stopped. ms */
const PAUSE_MS = 700;
const SETTINGS: WatchdogSettings = {
  hangAfter: 1000,
  hangLimit: null,
  slowAfter: null,
  stallAfter: 60_000,
  connections: 4,
  interval: 500,
  poll: 1000,
};

export async function rows([sizes = "3,12,30"]: readonly string[]): Promise<BenchRow[]> {
  const engine = await connectEngine();
  const counts = sizes.split(",").map(Number);
  const found: BenchRow[] = [];
  await withCluster(engine, Math.max(...counts) - 1, async (cluster) => {
    for (const count of counts) found.push(await measure(cluster, count));
  });
  return found;
}

async function measure(cluster: RunningCluster, count: number): Promise<BenchRow> {
  const clock = monotonicClock();
  const heard = new Map<string, { verdict: NodeVerdict; at: number }>();
  const nodes = cluster.nodes.slice(0, count);
  const watchdog = await startWatchdog({
    nodes: [...nodes, ...(cluster.control ? [cluster.control] : [])].map((node) => ({
      name: node.name,
      system: node.server.system,
      role: node.role,
      host: node.direct.host,
      port: node.direct.port,
      pid: () => node.pid(),
      container: () => node.containerState(),
      claimed: () => null,
      master: () => cluster.topology.replicaOf[node.name] ?? null,
    })),
    settings: SETTINGS,
    clock,
    emit: () => {},
    signal: new AbortController().signal,
    onCondition: (verdict) => heard.set(verdict.node, { verdict, at: clock.now() }),
    onState: () => {},
  });
  const late: number[] = [];
  const missed: string[] = [];
  const becomes = async (node: string, hung: boolean): Promise<number> => {
    const what = `${node} to be ${hung ? "hung" : "healthy"}`;
    return until({ what, within: ROUND_MS, every: 5 }, () => {
      const { verdict, at = 0 } = heard.get(node) ?? {};
      const there = verdict && (hung ? HANGS.includes(verdict.condition) : verdict.condition === "healthy");
      return there && at;
    });
  };
  const end = clock.now() + FOR_MS;
  const lane = async (number: number): Promise<void> => {
    const random = seededRandom(`lane ${number}`);
    const own = nodes.filter((_, i) => i % LANES === number);
    for (let round = 0; own.length > 0 && clock.now() < end; round++) {
      const node = own[round % own.length];
      const pid = node?.pid();
      if (!node || !pid) throw new Error("a server's process is not known on this machine");
      await becomes(node.name, false);
      const begin = clock.now() + random.next() * PAUSE_MS;
      await until({ what: "the moment", within: ROUND_MS, every: 5 }, () => clock.now() >= begin);
      const stopped = clock.now();
      process.kill(pid, "SIGSTOP");
      try {
        late.push((await becomes(node.name, true)) - stopped - SETTINGS.hangAfter);
      } catch {
        missed.push(node.name);
      } finally {
        process.kill(pid, "SIGCONT");
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
  } finally {
    await watchdog.stop();
  }
  if (missed.length > 0) throw new Error(`no verdict within ${ROUND_MS} ms: ${missed.join(", ")}`);
  const [half, most] = [quantile(late, 0.5), quantile(late, 0.99)];
  return {
    what: `SIGSTOP to verdict beyond hang-after, ${count} servers, ${late.length} times`,
    ours: `p50 ${Math.round(half)} ms, p99 ${Math.round(most)} ms`,
    other: `${LIMIT_MS} ms`,
    ratio: most / LIMIT_MS,
    spread: null,
    goal: { atMost: 1 },
  };
}
