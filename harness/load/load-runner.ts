import { ChaosError } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";
import { CommandCounts } from "./commands/command-counts.ts";
import { latencyOf, spreadOf } from "./latencies.ts";
import type { LoadOptions, LoadTarget, LoadTotals } from "./load.ts";
import { LoadRecording } from "./load-recording.ts";
import { LoadThread } from "./load-thread-host.ts";
import { addSample, emptySample, type LoadSample } from "./tally.ts";
import type { FromThread, ThreadPlan } from "./thread-messages.ts";

const TICK_MS = 1000;
/** What stopping may take on top of the longest timeout of a load. */
const STOP_GRACE_MS = 850;
/** What writing the rest of a history may take on top of that. */
const WRITE_MS = 10_000;
const EXIT_MS = 150;

/** One second: samples of the threads that have answered, by load. */
interface Tick {
  at: number;
  waiting: Set<LoadThread>;
  sums: Map<string, LoadSample>;
}

/** The main thread's side: asks all threads for samples once a second, adds them up, and tells the journal. */
export class LoadRunner {
  readonly #options: LoadOptions;
  readonly #recording: LoadRecording;
  readonly #commands = new CommandCounts();
  readonly #threads: LoadThread[];
  /** By the name under which they are told. */
  readonly #totals: Map<string, LoadTotals>;
  readonly #ticks = new Map<number, Tick>();
  /** Under this number the last samples are collected: those that come with "stopped". */
  readonly #lastTick = -1;
  #tickNumber = 0;
  #emittedUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: ChaosError | undefined;
  #stopping: Promise<LoadTotals[]> | undefined;
  #allStopped = () => {};

  constructor(options: LoadOptions, threads: number) {
    this.#options = options;
    this.#recording = new LoadRecording(options);
    const { specs } = options;
    const told = specs.map(({ name }) => this.#toldAs(name));
    this.#totals = new Map(told.map((load) => [load, { load, ok: 0, fail: 0, info: 0 }]));
    const most = Math.max(0, ...specs.map((spec) => spec.connections));
    this.#threads = Array.from({ length: Math.min(threads, most) }, (_, index) => {
      const thread: LoadThread = new LoadThread(
        this.#plan(index, threads),
        (message) => this.#heard(thread, message),
        (error) => this.#died(thread, error),
      );
      return thread;
    });
  }

  async ready(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.ready));
  }

  start(): void {
    const { clock, signal } = this.#options;
    this.#emittedUntil = clock.now();
    this.#recording.tell("begin");
    for (const thread of this.#threads) thread.tell({ type: "start", at: this.#emittedUntil });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  /** Points one load at other nodes (the master moved). Operations in flight on the old ones end as they end. */
  retarget(load: string, targets: readonly LoadTarget[]): void {
    if (!this.#options.specs.some(({ name }) => name === load))
      throw new ChaosError("internal", `there is no load "${load}" to retarget`);
    for (const thread of this.#threads) thread.tell({ type: "retarget", load, targets });
  }

  /** Where a load's operations are recorded, below the run's folder; none when they are not. */
  recorded(load: string): readonly string[] {
    return this.#recording.files(load);
  }

  /** Stops sending, waits for what is in flight (bounded), closes, and returns the totals. Idempotent. */
  stop(): Promise<LoadTotals[]> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async terminate(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  /** A failed stop is told to whoever calls `stop` later; the death of a thread is in the journal already. */
  readonly #onAbort = () => void this.stop().catch(() => {});

  #toldAs(name: string): string {
    return this.#options.partOf?.[name] ?? name;
  }

  #plan(index: number, threads: number): ThreadPlan {
    const { specs, targets, seed, clock, login, peers, tables } = this.#options;
    // Some loads have fewer connections than there are threads.
    const loads = specs
      .filter(({ connections }) => index < connections)
      .map((spec) => ({
        spec,
        targets: targets[spec.name] ?? [],
        share: { index, of: Math.min(threads, spec.connections) },
        peers: peers?.[spec.name],
        table: tables?.[spec.name],
        history: this.#recording.fileOf(spec, index),
      }));
    return { origin: clock.origin, seed, login, loads };
  }

  #tick(): void {
    const tick = this.#tickNumber++;
    this.#expect(tick);
    for (const thread of this.#threads) thread.tell({ type: "sample", tick });
  }

  #expect(tick: number): void {
    const waiting = new Set(this.#threads.filter((thread) => thread.isAlive));
    const sums = new Map([...this.#totals.keys()].map((name) => [name, emptySample(name)]));
    this.#ticks.set(tick, { at: this.#options.clock.now(), waiting, sums });
    this.#settle(tick);
  }

  #heard(thread: LoadThread, message: FromThread): void {
    if (message.type === "ready") return;
    if (message.type === "moved") {
      if (!this.#stopping) this.#options.onMoved?.(message.load, message.from, message.text);
      return;
    }
    if (message.type === "out-of-step" || message.type === "lost") {
      const load = this.#toldAs(message.load);
      this.#options.emit(message.type === "lost" ? { ...message, load, type: "command-lost" } : { ...message, load });
      return;
    }
    const number = message.type === "sample" ? message.tick : this.#lastTick;
    const tick = this.#ticks.get(number);
    if (!tick) return;
    if (message.type === "stopped") for (const end of message.histories) this.#recording.ended(end);
    for (const sample of message.loads) addSample(tick.sums.get(this.#toldAs(sample.load)) as LoadSample, sample);
    tick.waiting.delete(thread);
    this.#settle(number);
  }

  #died(thread: LoadThread, error: ChaosError): void {
    this.#failure ??= error;
    this.#options.emit({ type: "note", about: "load", text: error.message });
    for (const [number, tick] of this.#ticks) {
      tick.waiting.delete(thread);
      this.#settle(number);
    }
  }

  #settle(number: number): void {
    const tick = this.#ticks.get(number);
    if (!tick || tick.waiting.size > 0) return;
    this.#ticks.delete(number);
    this.#publish(tick);
    if (number === this.#lastTick) this.#allStopped();
  }

  #publish({ at, sums }: Tick): void {
    const { specs, clock, emit } = this.#options;
    // The last samples were taken when the threads had stopped, not when they were asked to.
    const until = this.#stopping ? clock.now() : at;
    const seconds = Math.max(0, until - this.#emittedUntil) / 1000;
    this.#emittedUntil = until;
    for (const [name, sample] of sums) {
      const own = specs.filter((spec) => this.#toldAs(spec.name) === name);
      const connections = own.reduce((sum, spec) => sum + spec.connections, 0);
      const { ok, fail, info, errors, latency, connected, nodes, redirects } = sample;
      const totals = this.#totals.get(name) as LoadTotals;
      totals.ok += ok;
      totals.fail += fail;
      totals.info += info;
      const counts = { ok, fail, info, errors, latency: latencyOf(latency), connected, connections, nodes };
      const spread = spreadOf(latency);
      const followed = Object.keys(redirects).length > 0 ? { redirects } : {};
      this.#commands.add(name, sample);
      emit({ type: "load", t: until, load: name, seconds, ...counts, ...(spread && { spread }), ...followed });
    }
  }

  async #stop(): Promise<LoadTotals[]> {
    const { specs, signal } = this.#options;
    clearInterval(this.#timer);
    signal.removeEventListener("abort", this.#onAbort);
    const writing = specs.some((spec) => spec.record) ? WRITE_MS : 0;
    const within = Math.max(0, ...specs.map((spec) => spec.timeout)) + STOP_GRACE_MS + writing;
    try {
      await withDeadline({ what: "the end of the load threads", within }, () => this.#sendStop());
    } catch (error) {
      this.#failure ??= error as ChaosError;
      this.#options.emit({ type: "note", about: "load", text: `${(error as ChaosError).message}; they were ended` });
      await this.terminate();
    }
    await Promise.all(this.#threads.map((thread) => leave(thread)));
    this.#recording.tell("end");
    this.#commands.tell(this.#options.emit);
    if (this.#failure) throw this.#failure;
    return [...this.#totals.values()];
  }

  #sendStop(): Promise<void> {
    return new Promise((resolve) => {
      this.#allStopped = resolve;
      this.#expect(this.#lastTick);
      for (const thread of this.#threads) thread.tell({ type: "stop" });
    });
  }
}

/** A stopped thread ends by itself when its port is closed; one that does not is ended. */
async function leave(thread: LoadThread): Promise<void> {
  try {
    await withDeadline({ what: "the thread's exit", within: EXIT_MS }, () => thread.exited);
  } catch {
    await thread.terminate();
  }
}
