import type { NodeState } from "../journal/events.ts";
import { type Judgement, NodeClassifier, type Observation } from "../watchdog/classifier.ts";
import type { AnswerRecord, ConnectionView, LossRecord, NodeReport, ProbeKind } from "../watchdog/observation.ts";
import type { ProcessSample, ThreadSample } from "../watchdog/process-sample.ts";
import { nodeState } from "./record-fixture.support.ts";

/*
 * Test support: a node whose connections answer as a script says, played into the classifier without any real time.
 */

export interface Script {
  /** Simulated milliseconds. */
  until: number;
  /** Kinds of the connections, by number. Default: four established. */
  kinds?: readonly ProbeKind[];
  /** When (run ms) a question asked at `askedAt` is answered; null: never. Default: 2 ms later. */
  answeredAt?: (connection: number, askedAt: number) => number | null;
  /** Error reply of an answer. */
  error?: (connection: number, answeredAt: number) => string | null;
  /** The connection is still being opened. */
  connecting?: (connection: number, t: number) => boolean;
  /** Connections are refused at this time. */
  refused?: (t: number) => boolean;
  claimed?: (t: number) => "paused" | "down" | null;
  container?: (t: number) => Observation["container"];
  /** Read every 250 ms. Default: none (no /proc). */
  process?: (t: number) => ProcessSample | null;
  /** INFO every 500 ms. */
  state?: (t: number) => Partial<NodeState> | null;
  master?: (t: number) => Observation["master"];
  starved?: (t: number) => Observation["starved"];
  slowAfter?: number | null;
  workers?: Observation["workers"];
  outside?(t: number): Observation["outside"];
  hangAfter?: number;
  stallAfter?: number;
}

/** One change of condition. */
export interface Change extends Judgement {
  t: number;
}

const TICK = 100;

/** Plays the script and returns every change of condition, the first being "unknown" at 0. */
export function play(script: Script): Change[] {
  const { until, kinds = ["established", "established", "established", "established"] } = script;
  const classifier = new NodeClassifier(
    { hangAfter: script.hangAfter ?? 1000, stallAfter: script.stallAfter ?? 3000, restoringReplies: ["LOADING"] },
    0,
  );
  const views: ConnectionView[] = kinds.map((kind, number) => {
    return { number, kind, localPort: 40_000 + number, link: "open", askedAt: null, answeredAt: null };
  });
  const changes: Change[] = [{ t: 0, ...classifier.judgement }];
  for (let t = TICK; t <= until; t += TICK) {
    const report = nodeReport({ node: "n" });
    for (const view of views) step(script, view, t, report.answers, report.losses);
    const state = t % 500 === 0 ? script.state?.(t) : null;
    const now = classifier.observe({
      t,
      seenAt: t,
      report: { ...report, connections: views.map((view) => ({ ...view })) },
      claimed: script.claimed?.(t) ?? null,
      container: script.container?.(t) ?? { running: true, paused: false, exitCode: null },
      process: t % 250 < TICK ? (script.process?.(t) ?? null) : null,
      state: state ? { at: t, state: nodeState({ offset: 0, ...state }) } : null,
      master: script.master?.(t) ?? null,
      starved: script.starved?.(t) ?? [],
      slowAfter: script.slowAfter === undefined ? 200 : script.slowAfter,
      workers: script.workers ?? null,
      outside: script.outside?.(t) ?? null,
    });
    if (now.condition !== changes.at(-1)?.condition) changes.push({ t, ...now });
  }
  return changes;
}

/** A report in which nothing happened but this. */
export function nodeReport(more: Partial<NodeReport>): NodeReport {
  return { node: "r1", connections: [], answers: [], losses: [], held: false, sent: [], infos: [], ...more };
}

function step(script: Script, view: ConnectionView, t: number, answers: AnswerRecord[], losses: LossRecord[]): void {
  const { number, kind } = view;
  if (script.refused?.(t)) {
    const waited = view.askedAt === null ? null : t - view.askedAt;
    losses.push({ number, kind, at: t, reason: "ECONNREFUSED", waited });
    Object.assign(view, { askedAt: null, link: "closed" });
    return;
  }
  // One question a tick, asked just after the tick before.
  view.askedAt ??= t - TICK + 1 + number;
  view.link = script.connecting?.(number, t) ? "connecting" : "open";
  const at = script.answeredAt ? script.answeredAt(number, view.askedAt) : view.askedAt + 2;
  if (at === null || at > t) return;
  const error = script.error?.(number, at) ?? null;
  answers.push({ number, kind, askedAt: view.askedAt, answeredAt: at, error });
  Object.assign(view, { askedAt: null, answeredAt: at });
}

/** A reading of a process whose threads are given; its CPU time is their sum. */
export function processOf(
  t: number,
  threads: readonly ThreadSample[],
  more: Partial<ProcessSample> = {},
): ProcessSample {
  return {
    t,
    pid: 100,
    alive: true,
    state: "S",
    cpuMs: threads.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    switches: 0,
    rssBytes: 50e6,
    ioBytes: 0,
    threads,
    ...more,
  };
}

/** A thread that burns `cores` and switches once a millisecond (or never) until `stopsAt`. */
export function threadOf(tid: number, t: number, cores: number, stopsAt = Number.POSITIVE_INFINITY): ThreadSample {
  const ran = Math.min(t, stopsAt);
  return {
    tid,
    cpuMs: Math.floor(ran * cores),
    waitMs: null,
    switches: ran,
    fingerprint: t < stopsAt ? "S|epoll" : "S|202 0x1",
    schedule: null,
  };
}
