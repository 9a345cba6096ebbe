import { groupBy } from "../../base/group-by.ts";
import type { EventOf } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { adminCommands } from "../../journal/view/admin-commands.ts";
import { truncatedNote } from "../html/lists.ts";
import { AMOUNT, compact, DURATION, nodeSeries, pointsOf, seriesLane } from "./series-lane.ts";
import type { Lane, Point } from "./time-scale.ts";

const MOST_LOADS = 4;

/** Throughput and latency of every load. */
export function loadLanes(record: RunRecord): Lane[] {
  const loads = groupBy(record.of("load"), (event) => event.load);
  const shown = [...loads].slice(0, MOST_LOADS);
  return shown.flatMap(([load, events], i) => {
    const last = i === shown.length - 1 ? truncatedNote(shown.length, loads.size, "loads") : "";
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

const MEBIBYTE = 1024 ** 2;

/** What the kernel says of each server's process: CPU in cores, and resident memory. */
export function processLanes(record: RunRecord): Lane[] {
  const events = record.of("process");
  if (events.length === 0) return [];
  const memory = nodeSeries(record, events, (own) =>
    pointsOf(own, ({ rssBytes }) => (rssBytes === null ? null : rssBytes / MEBIBYTE)),
  );
  const mebibytes = (value: number) => `${compact(value)} MiB`;
  return [
    seriesLane("CPU of the server's process, in cores", { ...AMOUNT, merge: "max" }, nodeSeries(record, events, cores)),
    seriesLane("Memory of the server's process (resident)", { ...AMOUNT, merge: "max", format: mebibytes }, memory),
  ];
}

type Process = EventOf<"process">;

/** Totals become rates; another pid is another process, whose total begins at nothing. */
function cores(own: readonly Process[]): Point[] {
  const points: Point[] = [];
  let before: Process | undefined;
  for (const event of own) {
    const known = event.cpuMs !== null && event.alive;
    if (known && before && before.pid === event.pid && event.t > before.t) {
      const used = ((event.cpuMs ?? 0) - (before.cpuMs ?? 0)) / (event.t - before.t);
      points.push([event.t, Math.max(0, used)]);
    } else if (before) points.push([event.t, Number.NaN]);
    before = known ? event : undefined;
  }
  return points;
}

/** How far each replica's full sync is, by files, as its own log tells it. No lane when there was none. */
export function fullSyncLane(record: RunRecord): Lane[] {
  const events = record.of("full-sync");
  if (events.length === 0) return [];
  const counts = { start: 0, done: 0, failed: 0, ended: 0 };
  const series = nodeSeries(record, events, (own) =>
    own.flatMap(({ t, step, done, total }): Point[] => {
      if (step in counts) counts[step as keyof typeof counts]++;
      if (step === "restoring" || step === "done") return [[t, 100]];
      if (step === "progress") return done !== null && total ? [[t, (100 * done) / total]] : [];
      const end: Point = [t, Number.NaN];
      return step === "start" ? [end, [t, 0]] : [end];
    }),
  );
  const ends = [`${counts.done} done`, `${counts.failed} failed`, `${counts.ended} given up`];
  const percent = (value: number) => `${Math.round(value)} %`;
  return [seriesLane(`Full sync: ${counts.start} begun, ${ends.join(", ")}`, { ...AMOUNT, format: percent }, series)];
}

/** How long each switch of the master took: a blocked admin command is itself a symptom. No lane when there was none. */
export function switchLane(record: RunRecord, end: number): Lane[] {
  const switches = record
    .of("fault")
    .flatMap((event): Point[] =>
      event.fault === "switch-master" && event.step === "injected" && event.ms !== undefined
        ? [[event.t - event.ms, Math.max(event.ms, 0.1)]]
        : [],
    );
  // Commands of faults with connections of their own are no switches.
  const commands = adminCommands(record, end).filter(({ sent }) => sent.expected === undefined);
  const took = (...steps: readonly string[]) =>
    commands.flatMap(({ sent, end: over }): Point[] => {
      if (!steps.includes(over?.step ?? "open")) return [];
      return [[sent.t, over ? Math.max(0.1, over.ms ?? over.t - sent.t) : Math.max(1, end - sent.t)]];
    });
  const series = [
    { label: "switch-master, whole fault", mark: "d1", points: switches, dots: true },
    { label: "admin command answered", mark: "d3", points: took("answered"), dots: true },
    { label: "refused or connection lost", mark: "d2", points: took("refused", "lost"), dots: true },
    { label: "never answered", mark: "d6", points: took("open"), dots: true },
  ];
  if (series.every(({ points }) => points.length === 0)) return [];
  return [seriesLane("Duration of master switches", DURATION, series)];
}
