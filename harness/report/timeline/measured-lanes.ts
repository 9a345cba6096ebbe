import { addTo, groupBy } from "../../base/group-by.ts";
import { starvedSpans } from "../../checks/span.ts";
import type { EventOf } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { compact, milliseconds, nodeMarks } from "./lane-text.ts";
import { type Point, type Series, seriesLane } from "./series-lane.ts";
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
      events.map((event): Point => [event.t, event[of] / Math.max(event.seconds, 0.001)]);
    const ms = (of: "p50" | "p99" | "max") =>
      events.flatMap((event): Point[] => (event.latency ? [[event.t, event.latency[of]]] : []));
    return [
      seriesLane({
        title: `Load “${load}”: operations per second${last}`,
        scale: "linear",
        merge: "mean",
        format: compact,
        series: [
          { label: "ok", mark: "s-ok", points: rate("ok") },
          { label: "failed", mark: "s-fail", points: rate("fail") },
          { label: "unknown outcome", mark: "s-info", points: rate("info") },
        ],
      }),
      seriesLane({
        title: `Load “${load}”: latency from the intended start`,
        scale: "log",
        merge: "max",
        format: milliseconds,
        series: [
          { label: "p50", mark: "s1", points: ms("p50") },
          { label: "p99", mark: "s2", points: ms("p99") },
          { label: "max", mark: "s6", points: ms("max") },
        ],
      }),
    ];
  });
}

/** The slowest answer, or the age of the oldest unanswered question, of all probes of a node. */
export function probeLane(record: RunRecord): Lane {
  const mark = nodeMarks(record);
  const series = [...groupBy(record.of("probe"), (event) => event.node)].map(([node, events]): Series => {
    const worst = new Map<number, number>();
    for (const event of events) {
      const second = Math.floor(event.t / 1000) * 1000;
      worst.set(second, Math.max(worst.get(second) ?? 0, event.latency?.max ?? 0, event.oldest));
    }
    return { label: node, mark: mark(node), points: [...worst].sort((a, b) => a[0] - b[0]) };
  });
  return seriesLane({
    title: "Probes: slowest answer, or oldest open question",
    scale: "log",
    merge: "max",
    format: milliseconds,
    series,
  });
}

/** How far each replica's offset is behind its intended master's, and the offsets themselves. */
export function offsetLanes(record: RunRecord): Lane[] {
  const mark = nodeMarks(record);
  const lag = new Map<string, Point[]>();
  const offsets = new Map<string, Point[]>();
  const latest = new Map<string, number>();
  const topologies = record.of("topology");
  let next = 0;
  let replicaOf: Record<string, string> = {};
  for (const event of record.of("node-state")) {
    for (; next < topologies.length && (topologies[next]?.t ?? 0) <= event.t; next++)
      replicaOf = topologies[next]?.replicaOf ?? {};
    const { offset } = event.state;
    if (offset === null) continue;
    latest.set(event.node, offset);
    addTo(offsets, event.node, [event.t, offset]);
    const master = latest.get(replicaOf[event.node] ?? "");
    // The master was asked a moment earlier or later: being ahead of its last answer is no lag.
    if (master !== undefined) addTo(lag, event.node, [event.t, Math.max(0, master - offset)]);
  }
  const lane = (title: string, points: Map<string, Point[]>, format: (value: number) => string) =>
    seriesLane({
      title,
      scale: "linear",
      merge: "last",
      format,
      series: [...points].map(([node, own]) => ({ label: node, mark: mark(node), points: own })),
    });
  return [
    lane("Replication offset", offsets, compact),
    lane("Replication lag behind the intended master, by offset", lag, compact),
  ];
}

/** Was it us? Event-loop delay of the harness and answers of a server that nobody harms. */
export function selfLane(record: RunRecord): Lane {
  const self = record.of("self");
  const points = (value: (event: EventOf<"self">) => number | null) =>
    self.flatMap((event): Point[] => {
      const found = value(event);
      return found === null ? [] : [[event.t, found]];
    });
  return seriesLane({
    title: "The harness itself: event-loop delay and control probe",
    scale: "log",
    merge: "max",
    format: milliseconds,
    series: [
      { label: "main thread", mark: "s1", points: points((event) => event.mainDelay) },
      { label: "probe thread", mark: "s2", points: points((event) => event.probeDelay) },
      { label: "control probe", mark: "s3", points: points((event) => event.controlMax) },
    ],
    shade: starvedSpans(record).map((span) => ({ ...span, label: "starved" })),
  });
}
