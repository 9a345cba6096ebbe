import { CommandWriter } from "../resp/command-writer.ts";
import { dialogues, type GeneratorOptions } from "./generator-options.ts";
import type { LoadTarget } from "./load.ts";
import { OpenLoopSchedule } from "./open-loop-schedule.ts";
import { Pipe } from "./pipe.ts";
import type { PipeEvents, PipeSettings } from "./pipe-settings.ts";
import { Redirects } from "./redirects/redirects.ts";
import { type LoadSample, Tally } from "./tally.ts";
import type { CommandSource } from "./workloads/workload.ts";

/*
 *   schedule (open loop) ──┐
 *                           ▼
 *   workload ── commands ─► pump ─► lanes 0..n ─► pipe ─► socket        a lane lives as long as the load; its pipe is
 *                           ▲         │  └─ ends: back off, a new pipe  replaced when it ends or the target moves
 *                           └─ room ──┴─► tally ─► sample once a second
 */

const BACKOFF_MIN = 50;
const BACKOFF_MAX = 1000;
/** For sending, after the stop, what was due before it: a healthy server gets all of it. */
const FINISH_MS = 200;
const [MOVED_EVERY_MS, OUT_OF_STEP_MOST, LOST_MOST] = [1000, 20, 1000];
/** For asking for the only reply without sleeping: a thread that sleeps is woken late. ms */
const SPIN_MS = 0.1;
/** Commands that are waited for asleep after one whose reply took longer: then it is of no use, and the processor may be the server's. */
const SPIN_REST = 50;

interface Lane {
  /** Number among all connections of the load: decides its target. */
  number: number;
  /** Where it is or will be connected. */
  target: LoadTarget | undefined;
  pipe: Pipe | undefined;
  /** Connections in a row that ended without a single reply. */
  failures: number;
  retry: NodeJS.Timeout | undefined;
}

/** One load in one thread. */
export class LoadGenerator {
  readonly #options: GeneratorOptions;
  readonly #tally: Tally;
  readonly #source: CommandSource;
  readonly #redirects: Redirects | undefined;
  readonly #schedule: OpenLoopSchedule | undefined;
  readonly #pipeSettings: PipeSettings;
  readonly #pipeEvents: PipeEvents<Pipe>;
  readonly #lanes: Lane[] = [];
  /** All that are not ended: those of the lanes, and those of former targets that wait for their last replies. */
  readonly #pipes = new Set<Pipe>();
  #next = 0;
  /** Commands sent, and how many of the next are waited for asleep, of a load with one in flight. */
  #turn = 0;
  #asleep = 0;
  #pumpTimer: NodeJS.Timeout | undefined;
  #watchTimer: NodeJS.Timeout | undefined;
  #finishTimer: NodeJS.Timeout | undefined;
  #phase: "running" | "finishing" | "draining" = "running";
  #stopped: Promise<void> | undefined;
  #resolveStopped = () => {};
  #movedAt = Number.NEGATIVE_INFINITY;
  #toTell = OUT_OF_STEP_MOST;
  #lostToTell = LOST_MOST;

  constructor(options: GeneratorOptions) {
    const { spec, workload, share, random, clock, login, log } = options;
    this.#options = options;
    this.#tally = new Tally(spec.name);
    this.#source = log?.source ?? (workload.talk ? () => {} : workload.source(spec, random.fork("commands")));
    this.#redirects = Redirects.of(options, this.#tally);
    this.#schedule = spec.rate === null ? undefined : new OpenLoopSchedule(spec.rate, share);
    this.#pipeSettings = {
      ...{ pipeline: spec.pipeline, timeout: spec.timeout, login, space: spec.space, tally: this.#tally },
      log: log && ((target) => log.open(target)),
      dialogue: dialogues(options),
      redirects: this.#redirects,
      writer: new CommandWriter(),
      now: clock.now,
    };
    this.#pipeEvents = {
      onRoom: (pipe) => this.#room(pipe),
      onEnd: (pipe, refused) => this.#ended(pipe, refused),
      onMoved: (pipe, text) => this.#moved(pipe, text),
      onOutOfStep: ({ node }, text, command) => {
        if (this.#toTell-- > 0) options.onOutOfStep?.(node, text, command);
      },
      onLost: ({ node }, words) => {
        if (this.#lostToTell-- > 0) options.onLost?.(node, words);
      },
    };
    for (let number = share.index; number < spec.connections; number += share.of) {
      this.#lanes.push({ number, target: undefined, pipe: undefined, failures: 0, retry: undefined });
    }
  }

  /** Opens the connections. `at`: the clock's time for operation number 0. */
  start(at: number): void {
    this.#schedule?.start(at);
    this.retarget(this.#options.targets);
    const step = Math.min(50, Math.max(5, this.#options.spec.timeout / 10));
    this.#watchTimer = setInterval(() => this.#watch(), step);
    if (this.#schedule) this.#pump(this.#schedule);
  }

  /** Spreads the connections over the targets: lane n goes to target n modulo their number. */
  retarget(targets: readonly LoadTarget[]): void {
    if (this.#phase !== "running") return;
    for (const lane of this.#lanes) {
      const target = targets[lane.number % targets.length];
      if (lane.target && target?.host === lane.target.host && target.port === lane.target.port) continue;
      const old = lane.pipe;
      clearTimeout(lane.retry);
      Object.assign(lane, { target, pipe: undefined, failures: 0 });
      old?.drain();
      this.#connect(lane);
    }
  }

  /** What was counted since the last call. */
  sample(): LoadSample {
    return this.#tally.take(this.#lanes.filter((lane) => lane.pipe?.isReady).length);
  }

  /**
   * Makes nothing new due, sends what was due already (for a moment), then waits for what is in flight. Resolves at the
   * latest after the load's timeout and that moment.
   */
  stop(): Promise<void> {
    this.#stopped ??= new Promise((resolve) => {
      this.#resolveStopped = resolve;
      const now = this.#options.clock.now();
      this.#phase = "finishing";
      this.#schedule?.end(now);
      this.#finishTimer = setTimeout(() => this.#drain(), this.#options.finish ?? FINISH_MS);
      if (this.#schedule) this.#handOut(this.#schedule, now);
      this.#finishIfSent(now);
    });
    return this.#stopped;
  }

  #finishIfSent(now: number): void {
    if (this.#phase === "finishing" && (this.#schedule?.due(now) ?? 0) === 0) this.#drain();
  }

  #drain(): void {
    this.#phase = "draining";
    clearTimeout(this.#finishTimer);
    clearTimeout(this.#pumpTimer);
    if (this.#schedule) this.#giveUp(this.#schedule, this.#options.clock.now());
    for (const lane of this.#lanes) clearTimeout(lane.retry);
    for (const pipe of [...this.#pipes]) pipe.drain();
    this.#finish();
  }

  #finish(): void {
    if (this.#pipes.size > 0) return;
    clearInterval(this.#watchTimer);
    // What connections that have ended had sent elsewhere, too.
    void (this.#redirects?.idle() ?? Promise.resolve()).then(this.#resolveStopped);
  }

  #connect(lane: Lane): void {
    if (!lane.target) return;
    lane.pipe = new Pipe(lane.target, this.#pipeSettings, this.#pipeEvents);
    this.#pipes.add(lane.pipe);
  }

  #ended(pipe: Pipe, refused: string | undefined): void {
    this.#pipes.delete(pipe);
    if (this.#phase === "draining") this.#finish();
    else this.#replace(pipe, refused);
  }

  /** A pipe ended by itself: counts it, and opens another after a pause that grows while the target does not talk. */
  #replace(pipe: Pipe, refused: string | undefined): void {
    const lane = this.#lanes.find((one) => one.pipe === pipe);
    if (!lane) return;
    lane.pipe = undefined;
    // In the closed loop a client that cannot connect has failed one operation; in the open loop the schedule counts.
    if (refused !== undefined && !this.#schedule) this.#tally.fail(refused, 1, pipe.counts);
    lane.failures = pipe.answered ? 0 : lane.failures + 1;
    const { random } = this.#options;
    const exponential = BACKOFF_MIN * 2 ** Math.min(10, Math.max(0, lane.failures - 1));
    const delay = Math.min(BACKOFF_MAX, exponential * random.between(1, 1.5));
    lane.retry = setTimeout(() => this.#connect(lane), delay);
  }

  #moved(pipe: Pipe, text: string): void {
    const { clock, onMoved } = this.#options;
    const now = clock.now();
    if (now - this.#movedAt < MOVED_EVERY_MS) return;
    this.#movedAt = now;
    onMoved?.(pipe.target, text);
  }

  #room(pipe: Pipe): void {
    if (this.#phase === "draining") return;
    if (!this.#schedule) this.#refill(pipe);
    else {
      const now = this.#options.clock.now();
      this.#handOut(this.#schedule, now);
      this.#finishIfSent(now);
    }
  }

  /**
   * Closed loop: fills a pipeline up when half of it is free. A server that answers a deep one in parts would get ever
   * smaller parts of it, each with its own packets and system calls.
   */
  #refill(pipe: Pipe): void {
    const { room } = pipe;
    const { pipeline, connections, slots = 1 } = this.#options.spec;
    if (room > 0 && room >= pipeline >> 1) pipe.send(room, this.#source);
    // Of a load with a connection for each slot others are awaited, too.
    if (connections === 1 && pipeline === 1 && slots === 1) this.#awaitReply();
  }

  /** Keeps this thread from sleeping until the next command is sent, for a moment at most. */
  #awaitReply(): void {
    const turn = ++this.#turn;
    if (this.#asleep > 0) {
      this.#asleep--;
      return;
    }
    const { now } = this.#options.clock;
    const end = now() + SPIN_MS;
    const again = (): void => {
      if (this.#turn !== turn || this.#phase !== "running") return;
      if (now() < end) setImmediate(again);
      else this.#asleep = SPIN_REST;
    };
    setImmediate(again);
  }

  /** Open loop: sends what is due, then sleeps until something becomes due. */
  #pump(schedule: OpenLoopSchedule): void {
    const now = this.#options.clock.now();
    this.#giveUp(schedule, now - this.#options.spec.timeout);
    this.#handOut(schedule, now);
    this.#pumpTimer = setTimeout(() => this.#pump(schedule), Math.ceil(schedule.untilNext(now)));
  }

  /** What was due at `before` or earlier and could not be sent has definitely not happened. */
  #giveUp(schedule: OpenLoopSchedule, before: number): void {
    const count = schedule.expire(before);
    if (count > 0) this.#tally.fail("not-sent", count);
  }

  /** Spreads what is due evenly over the pipes that have room. */
  #handOut(schedule: OpenLoopSchedule, now: number): void {
    let due = schedule.due(now);
    if (due === 0) return;
    const lanes = this.#lanes.length;
    const first = this.#next;
    // Round robin: begin behind the last one used, or the first lanes would carry all of a slow load.
    for (let i = 0; i < lanes && due > 0; i++) {
      const pipe = this.#lanes[(first + i) % lanes]?.pipe;
      const count = Math.min(pipe?.room ?? 0, Math.ceil(due / (lanes - i)));
      if (!pipe || count === 0) continue;
      const sent = pipe.send(count, this.#source, (k) => schedule.intended(k));
      schedule.take(sent);
      due -= sent;
      this.#next = (first + i + 1) % lanes;
    }
  }

  /** Replaces connections whose oldest command is overdue, after one more look at their sockets. */
  #watch(): void {
    const overdue = [...this.#pipes].filter((pipe) => pipe.isOverdue());
    if (overdue.length === 0) return;
    // After a stall of this thread timers run before sockets are read.
    setImmediate(() => {
      for (const pipe of overdue) if (pipe.isOverdue()) pipe.expire();
    });
  }
}
