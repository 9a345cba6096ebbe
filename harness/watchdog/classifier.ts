import type { Span } from "../base/span.ts";
import { formatSeconds } from "../base/units.ts";
import { type EventOf, HANGS, type NodeCondition, type NodeState } from "../journal/events.ts";
import type { WatchdogSettings } from "../journal/plan.ts";
import { KEPT_AWAY, type Outside, pathOf } from "./kept-away.ts";
import type { NodeReport } from "./observation.ts";
import type { ProcessSample } from "./process-sample.ts";
import { type HangKind, ProcessWindow } from "./process-window.ts";
import { type MasterView, type Stall, StallRule } from "./replication-stall.ts";
import { RestoringRule } from "./restoring.ts";
import { type Silence, SilenceRule } from "./silence.ts";
import { SlownessRule } from "./slowness.ts";
import { type WorkerMap, workerSilence } from "./workers/worker-silence.ts";

/*
 * One node's verdict, from observations alone: no clock, no socket, no file. The first rule that holds wins.
 *
 *   claimed by our own fault      ─► paused | down      (and until every connection answers again, at most hangAfter longer)
 *   container or process gone     ─► dead
 *   nobody answers on the data path for hangAfter (and then until somebody does)
 *                                 ─► deadlocked | livelocked | unresponsive   (ProcessWindow says which)   or starved, if it was us
 *   somebody answers, some not for hangAfter
 *                                 ─► partial                                                or starved, if it was us
 *   only -LOADING                 ─► restoring; without progress for 10 × hangAfter: deadlocked | livelocked
 *   only -BUSY for hangAfter      ─► livelocked
 *   master moves, replica does not for stallAfter
 *                                 ─► stalled
 *   median over the bound for hangAfter
 *                                 ─► slow
 *   every established connection answered since
 *                                 ─► healthy
 *   else                          ─► as before
 */

interface ClassifierSettings extends Pick<WatchdogSettings, "hangAfter" | "stallAfter"> {
  /** Error replies that mean "alive, restoring". */
  restoringReplies: readonly string[];
}

/** Everything known about one node at one moment. */
export interface Observation {
  /** When the probe thread looked. */
  t: number;
  /** When the main thread looked at claims, container and process: the same or later. */
  seenAt: number;
  report: NodeReport;
  claimed: "paused" | "down" | null;
  container: { running: boolean; paused: boolean; exitCode: number | null };
  /** A new reading, or null when none was taken. */
  process: ProcessSample | null;
  /** A new INFO, or null. */
  state: { at: number; state: NodeState } | null;
  /** The master that a replica should follow. */
  master: MasterView | null;
  /** When it was us: the harness was starved, our debugger held this node's process, or a thread of it paused. They do not overlap. */
  starved: readonly Span[];
  /** null: not calibrated yet. */
  slowAfter: number | null;
  /** Where our connections lie on the server's threads; null: not known, or there is only one. */
  workers: WorkerMap | null;
  /** Of a server that is not ours; null: it is. */
  outside: Outside | null;
}

/** As the journal has it. */
export interface Judgement extends Pick<EventOf<"condition">, "since" | "why" | "silent" | "of" | "workers"> {
  condition: NodeCondition;
}

/** The engine's news of a stop or start may be this much behind /proc and the sockets. ms */
const ENGINE_LAG = 1000;
/** A reading of /proc says nothing about later than this. ms */
const READING_VALID = 3000;
/** A question older than this (or than a quarter of hangAfter) is the first sign of trouble. ms */
const SUSPICIOUS_AGE = 500;

export class NodeClassifier {
  readonly #hangAfter: number;
  readonly #silence: SilenceRule;
  readonly #process: ProcessWindow;
  readonly #restoring: RestoringRule;
  readonly #stallRule: StallRule;
  readonly #slowness: SlownessRule;
  #now: Judgement;
  /** When the condition was entered: answers that count for recovery came later. */
  #entered: number;
  #floor: number;
  #released: number | null = null;
  #goneSince: number | null = null;
  /** Until when somebody else kept a server that is not ours from answering. */
  #keptUntil = 0;
  #stall: Stall | null = null;
  #oldest = 0;

  constructor(settings: ClassifierSettings, startedAt: number) {
    this.#hangAfter = settings.hangAfter;
    this.#silence = new SilenceRule(settings.hangAfter);
    this.#process = new ProcessWindow(Math.max(2 * settings.hangAfter, 5000));
    this.#restoring = new RestoringRule(settings.hangAfter, settings.restoringReplies);
    this.#stallRule = new StallRule(settings.stallAfter);
    this.#slowness = new SlownessRule(settings.hangAfter);
    this.#floor = startedAt;
    this.#entered = startedAt;
    this.#now = { condition: "unknown", since: startedAt, why: "not every probe connection has been answered yet" };
  }

  get judgement(): Judgement {
    return this.#now;
  }

  /** Readings of the process should come more often, and none of them shows a healthy process. */
  get suspicious(): boolean {
    return this.#oldest >= Math.min(this.#hangAfter / 4, SUSPICIOUS_AGE);
  }

  observe(o: Observation): Judgement {
    const next = this.#decide(o);
    if (next && next.condition !== this.#now.condition) {
      this.#now = next;
      this.#entered = o.t;
    }
    return this.#now;
  }

  #decide(o: Observation): Judgement | null {
    const { t, report, starved } = o;
    const hangs = HANGS.includes(this.#now.condition);
    const hung = hangs && this.#now.condition !== "partial";
    const known = hung ? "total" : hangs ? "partial" : "none";
    const silence = this.#silence.observe(report, t, this.#floor, starved, known);
    this.#oldest = silence.kind === "none" ? silence.oldest : this.#hangAfter;
    const before = this.#process.last;
    if (o.process) this.#process.add(o.process, this.#now.condition === "healthy" && !this.suspicious);
    const progressed = this.#restoring.progress(t, o.process, before, o.state?.state ?? null);
    const restoring = this.#restoring.observe(report, t, starved);

    const claim = this.#claim(o);
    if (claim) return claim;
    if (o.state) this.#stall = this.#stallRule.observe(o.state.at, o.state.state, o.master, starved, progressed);
    const slow = this.#slowness.observe(
      report,
      t,
      o.slowAfter,
      starved,
      o.outside ? Math.max(this.#floor, this.#keptUntil) : 0,
    );
    // What was asked during a hang came late because of it; the clock of slowness begins when it is over.
    const away = o.outside !== null && KEPT_AWAY.includes(this.#now.condition);
    if (hung || away) this.#slowness.reset();

    return (
      this.#dead(o) ??
      this.#silent(silence, hung, o) ??
      // A server that hangs may close connections that wait (Pika after a minute): new ones are not answered either.
      (hung && this.#silence.lastAnswer <= this.#entered ? this.#now : null) ??
      (restoring && this.#restoringVerdict(restoring)) ??
      (this.#stall && { condition: "stalled", ...this.#stall }) ??
      (slow && !hung ? { condition: "slow", ...slow } : null) ??
      this.#healthy(report, t)
    );
  }

  /** While claimed, and at the moment of release. */
  #claim({ t, seenAt, claimed }: Observation): Judgement | null {
    if (claimed) {
      this.#released = null;
      this.#floor = seenAt;
      this.#goneSince = null;
      this.#stall = null;
      this.#stallRule.reset();
      this.#slowness.reset();
      return { condition: claimed, since: t, why: `held ${claimed} by a fault of this run` };
    }
    const held = this.#now.condition === "paused" || this.#now.condition === "down";
    if (held && this.#released === null) {
      this.#released = seenAt;
      this.#floor = seenAt;
      this.#entered = seenAt;
    }
    if (!held) this.#released = null;
    return null;
  }

  #dead({ t, report, container, process, outside }: Observation): Judgement | null {
    const last = process ?? this.#process.last;
    const gonePid = last !== undefined && !last.alive && t - last.t < READING_VALID;
    // A reading of the engine or of /proc may be old: a server that just answered is not dead.
    if ((container.running && !gonePid) || report.answers.length > 0) {
      this.#goneSince = null;
      return null;
    }
    this.#goneSince ??= t;
    const certain = !container.running && this.#released === null;
    if (!certain && t - this.#goneSince < ENGINE_LAG) return null;
    const why = container.running
      ? `its process is gone${outside ? "" : " although its container runs"}`
      : `its container stopped by itself, ${container.exitCode === null ? "exit code unknown" : `exit code ${container.exitCode}`}`;
    if (outside) this.#keptUntil = t;
    const since = Math.min(this.#goneSince, Math.max(this.#silence.firstLoss ?? this.#goneSince, this.#floor));
    return { condition: "dead", since, why };
  }

  /** Of a server that is not ours: somebody else keeps it, or its answers, from us. undefined: nothing of that kind is known. */
  #keptAway(silence: Silence, o: Observation): Judgement | null | undefined {
    if (!o.outside) return undefined;
    const kept = KEPT_AWAY.includes(this.#now.condition);
    const answered = this.#silence.lastAnswer > this.#entered;
    const path = silence.kind === "total" ? pathOf(silence, o.outside, this.#process.last?.alive === true) : null;
    if (path && silence.kind === "total") {
      this.#keptUntil = o.t;
      return { ...path, since: silence.since, silent: silence.silent, of: silence.of };
    }
    // The network has not carried these questions: whoever answers others is not to blame.
    if (o.outside.unacknowledged) this.#keptUntil = o.t;
    // What was open then says nothing of the server; what is asked from now on does.
    if (kept && answered) this.#floor = Math.max(this.#floor, this.#keptUntil);
    if (o.outside.unacknowledged && silence.kind === "partial") return null;
    return kept && !answered && o.t - this.#keptUntil < this.#hangAfter ? this.#now : undefined;
  }

  #silent(silence: Silence, hung: boolean, o: Observation): Judgement | null {
    const away = this.#keptAway(silence, o);
    if (away !== undefined) return away;
    if (silence.kind === "none") return null;
    const { since } = silence;
    if (silence.kind === "starved") {
      const why = `silent since ${formatSeconds(o.t - since)}, but for ${formatSeconds(silence.stolen)} of that the harness itself was starved, held it in a debugger, or let a thread of it pause`;
      return { condition: "starved", since, why };
    }
    const { silent, of, age } = silence;
    if (silence.kind === "partial") {
      const why = `${silent} of ${of} connections (${silence.what}; numbers ${silence.numbers.join(", ")}) silent for ${formatSeconds(age)} while others answer`;
      const map = o.workers;
      // Half of hangAfter: the younger questions on a silent thread are not that old yet.
      const workers = map && workerSilence(map, o.report.connections, o.t, this.#floor, this.#hangAfter / 2);
      if (!workers) return { condition: "partial", since, silent, of, why };
      const whose = workers.silent.length > 0 ? `; silent: ${workers.silent.join(", ")}` : "";
      const answering = `; ${workers.answering} of ${workers.of} workers answer${whose}`;
      return { condition: "partial", since, silent, of, why: `${why}${answering}`, workers };
    }
    if (hung) return this.#now; // the kind of a hang is decided once
    const told = o.report.connections.find(({ kind }) => kind === "admin")?.answeredAt ?? since;
    const serving = told - since >= this.#hangAfter / 2;
    const kind = this.#process.judge(Math.max(since, o.t - this.#hangAfter * 0.75), serving);
    const what = silence.refused
      ? `no connection gets an answer for ${formatSeconds(age)} (the last one: ${silence.refused}) although its process runs`
      : `no answer on ${silent} of ${of} connections for ${formatSeconds(age)}`;
    const frozen = o.container.paused ? "; its container is paused, not by this run" : "";
    const held = silence.held ? "; the others are not asked any more, to leave it some threads" : "";
    const admin = serving ? "; INFO still answers" : "";
    // Of a server whose process nobody can read one knows that it does not answer, and no more.
    const condition = o.outside && kind.cores === null ? "unresponsive" : kind.condition;
    return { condition, since, silent, of, why: `${what}${held}${admin}; ${kind.why}${frozen}` };
  }

  #restoringVerdict(restoring: NonNullable<ReturnType<RestoringRule["observe"]>>): Judgement {
    const { since, why, stuckSince } = restoring;
    if (stuckSince === null) return { condition: restoring.busy ? "livelocked" : "restoring", since, why };
    const kind: HangKind = this.#process.judge(stuckSince);
    // Every thread that answers -LOADING moves: here only the CPU tells waiting from spinning.
    const condition = kind.cores !== null && kind.cores >= 0.5 ? "livelocked" : "deadlocked";
    return { condition, since: stuckSince, why: `${why}; ${kind.why}` };
  }

  #healthy(report: NodeReport, t: number): Judgement | null {
    if (this.#now.condition === "healthy") return null;
    const established = report.connections.filter(({ kind }) => kind === "established");
    const mark = this.#now.condition === "unknown" ? -1 : this.#entered;
    const all = established.every(({ answeredAt, askedAt }) => {
      return answeredAt !== null && answeredAt > mark && (askedAt === null || t - askedAt < this.#hangAfter);
    });
    if (!all) return null;
    return { condition: "healthy", since: t, why: `all ${established.length} established connections answer` };
  }
}
