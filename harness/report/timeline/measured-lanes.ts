import { groupBy } from "../../base/group-by.ts";
import type { RunRecord } from "../../journal/record.ts";
import { AMOUNT, DURATION, nodeSeries, type Point, pointsOf, seriesLane } from "./series-lane.ts";
import type { Lane } from "./time-scale.ts";

const MOST_LOADS = 4;

/** Throughput and latency of every load. */
export function loadLanes(record: RunRecord): Lane[] {
  const loads = groupBy(record.of("load"), (event) => event.load);
  const shown = [...loads].slice(0, MOST_LOADS);
  return shown.flatMap(([load, events], i) => {
    const last =
      i === shown.length - 1 && loads.size > MOST_LOADS ? ` (truncated: ${MOST_LOADS} of ${loads.size} loads)` : "";
    const rate = (of: "ok" | "fail" | "info") =>
      pointsOf(events, (event) => event[of] / Math.max(event.seconds, 0.001));
    const ms = (of: "p50" | "p99" | "max") => pointsOf(events, ({ latency }) => latency?.[of] ?? null);
    return [
      seriesLane(`Load “${load}”: operations per second${last}`, { ...AMOUNT, merge: "mean" }, [
        { label: "ok", mark: "s-ok", points: rate("ok") },
        { label: "failed", mark: "s-fail", points: rate("fail") },
        { label: "unknown outcome", mark: "s-info", points: rate("info") },
      ]),
      seriesLane(`Load “${load}”: latency from the intended start`, DURATION, [
        { label: "p50", mark: "s1", points: ms("p50") },
        { label: "p99", mark: "s2", points: ms("p99") },
        { label: "max", mark: "s6", points: ms("max") },
      ]),
    ];
  });
}

/** The slowest answer, or the age of the oldest unanswered question, of all probes of a node. */
export function probeLane(record: RunRecord): Lane {
  const series = nodeSeries(record, record.of("probe"), (events) => {
    const worst = new Map<number, number>();
    for (const { t, latency, oldest } of events) {
      const second = Math.floor(t / 1000) * 1000;
      worst.set(second, Math.max(worst.get(second) ?? 0, latency?.max ?? 0, oldest));
    }
    return [...worst].sort((a, b) => a[0] - b[0]);
  });
  return seriesLane("Probes: slowest answer, or oldest open question", DURATION, series);
}

/** How far each replica's offset is behind its intended master's, and the offsets themselves. */
export function offsetLanes(record: RunRecord): Lane[] {
  const lags: { node: string; point: Point }[] = [];
  const offsets: typeof lags = [];
  const latest = new Map<string, number>();
  const topologies = record.of("topology");
  for (const { t, node, state } of record.of("node-state")) {
    const { offset } = state;
    if (offset === null) continue;
    latest.set(node, offset);
    offsets.push({ node, point: [t, offset] });
    const topology = topologies.findLast((one) => one.t <= t);
    const master = latest.get(topology?.replicaOf[node] ?? "");
    // The master was asked a moment earlier or later: being ahead of its last answer is no lag.
    if (master !== undefined) lags.push({ node, point: [t, Math.max(0, master - offset)] });
  }
  const lane = (title: string, all: typeof lags) =>
    seriesLane(
      title,
      AMOUNT,
      nodeSeries(record, all, (own) => own.map(({ point }) => point)),
    );
  return [lane("Replication offset", offsets), lane("Replication lag behind the intended master, by offset", lags)];
}

/** Was it us? Event-loop delay of the harness and answers of a server that nobody harms. */
export function selfLane(record: RunRecord): Lane {
  const self = record.of("self");
  const series = [
    { label: "main thread", mark: "s1", points: pointsOf(self, (event) => event.mainDelay) },
    { label: "probe thread", mark: "s2", points: pointsOf(self, (event) => event.probeDelay) },
    { label: "control probe", mark: "s3", points: pointsOf(self, (event) => event.controlMax) },
  ];
  const starved = record.view.starved.map((span) => ({ ...span, label: "starved" }));
  return seriesLane("The harness itself: event-loop delay and control probe", DURATION, series, starved);
}
