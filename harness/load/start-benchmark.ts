import { messageOf } from "../base/chaos-error.ts";
import type { Outcomes } from "../journal/events.ts";
import { addOutcomes, NO_OUTCOMES } from "../journal/outcomes.ts";
import { connectionsOf } from "./benchmark-args.ts";
import { type BenchmarkOptions, BenchmarkProcess } from "./benchmark-process.ts";
import type { LoadTarget } from "./load.ts";

const TICK_MS = 1000;

/**
 * Starts redis-benchmark on every target, again and again until it is stopped.
 * Rejects with ChaosError: `invalid-experiment` when it does not take its arguments, `infrastructure` when the image has none,
 * `timeout` when it does not begin; nothing is left then.
 */
export async function startBenchmark(options: BenchmarkOptions): Promise<Benchmark> {
  options.signal.throwIfAborted();
  const benchmark = new Benchmark(options);
  try {
    await benchmark.begin();
  } catch (error) {
    await benchmark.stop();
    throw error;
  }
  return benchmark;
}

/** A running redis-benchmark. */
export class Benchmark {
  readonly #options: BenchmarkOptions;
  readonly #onAbort = () => void this.stop();
  #processes: BenchmarkProcess[] = [];
  /** Ended since the last sample. */
  #left: BenchmarkProcess[] = [];
  /** Starting and ending, one after the other. */
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #sampledAt: number;
  #stopping: Promise<void> | undefined;

  constructor(options: BenchmarkOptions) {
    this.#options = options;
    this.#sampledAt = options.clock.now();
  }

  async begin(): Promise<void> {
    const { targets, signal } = this.#options;
    await this.#move(targets);
    await Promise.all(this.#processes.map((process) => process.begun()));
    signal.throwIfAborted();
    signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#timer = setInterval(() => this.#sample(), TICK_MS);
  }

  /** Points it at other nodes (the master moved): it is ended, and started there. */
  retarget(targets: readonly LoadTarget[]): void {
    this.#work = this.#work
      .then(() => (this.#stopping ? undefined : this.#move(targets)))
      .catch((error: unknown) => this.#note(`it could not be started elsewhere: ${messageOf(error)}`));
  }

  /** Ends it and journals its last second. Idempotent; never rejects. */
  stop(): Promise<void> {
    this.#stopping ??= (async () => {
      const { signal } = this.#options;
      clearInterval(this.#timer);
      signal.removeEventListener("abort", this.#onAbort);
      await this.#work;
      await this.#end(this.#processes);
      if (this.#timer !== undefined) this.#sample();
    })();
    return this.#stopping;
  }

  async #move(targets: readonly LoadTarget[]): Promise<void> {
    const stays = (process: BenchmarkProcess) => targets.some(({ node }) => node === process.node);
    const leaving = this.#processes.filter((process) => !stays(process));
    const running = this.#processes.filter(stays);
    await this.#end(leaving);
    this.#left.push(...leaving);
    const coming = targets.filter(({ node }) => !running.some((process) => process.node === node));
    const started = coming.map((target) => new BenchmarkProcess(this.#options, target));
    this.#processes = [...running, ...started];
    await Promise.all(started.map((process) => process.started));
  }

  async #end(processes: readonly BenchmarkProcess[]): Promise<void> {
    const told = (error: unknown) => this.#note(`its container could not be removed: ${messageOf(error)}`);
    await Promise.all(processes.map((process) => process.end().catch(told)));
  }

  #note(text: string): void {
    const { spec, emit } = this.#options;
    emit({ type: "note", about: spec.name, text });
  }

  #sample(): void {
    const { spec, clock, emit } = this.#options;
    const now = clock.now();
    const counted = [...this.#processes, ...this.#left].map((process) => ({ node: process.node, ...process.take() }));
    const present = counted.slice(0, this.#processes.length);
    this.#left = [];
    let all: Readonly<Outcomes> = NO_OUTCOMES;
    const nodes: Record<string, Outcomes> = {};
    for (const { node, ok, errors } of counted) {
      const fail = Object.values(errors).reduce((sum, times) => sum + times, 0);
      const own = { ok, fail, info: 0, errors };
      nodes[node] = addOutcomes(nodes[node] ?? NO_OUTCOMES, own);
      all = addOutcomes(all, own);
    }
    const each = connectionsOf(spec.args);
    emit({
      type: "load",
      t: now,
      load: spec.name,
      seconds: (now - this.#sampledAt) / 1000,
      ...all,
      latency: counted.find(({ latency }) => latency !== null)?.latency ?? null,
      connected: present.filter(({ running }) => running).length * each,
      connections: present.length * each,
      nodes,
    });
    this.#sampledAt = now;
  }
}
