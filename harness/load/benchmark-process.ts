import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { Clock } from "../base/clock.ts";
import { sleep, until } from "../base/deadline.ts";
import type { Engine } from "../docker/engine.ts";
import type { Labels } from "../docker/engine-types.ts";
import type { Emit } from "../journal/events.ts";
import type { BenchmarkSpec } from "../journal/plan.ts";
import { type BenchmarkCount, BenchmarkOutput, EXIT_MARK } from "./benchmark-output.ts";
import type { LoadTarget } from "./load.ts";

/*
 *   container on the data network, one per target              harness
 *     sh: redis-benchmark -h m1 -p 6379 … ──► m1, or -h toxiproxy -p 10003 … ──► link client -> m1 ──► m1
 *          └─ ends: again, until it is removed
 *          └─ "SET: rps=41720.3 …" ──► log of the container ──► BenchmarkOutput ──► `load` event, 1/s
 */

export interface BenchmarkOptions {
  engine: Pick<Engine, "createContainer" | "start" | "kill" | "remove" | "followLogs" | "inspectContainer">;
  spec: BenchmarkSpec;
  /** Addresses as containers on `network` see them. May be empty. */
  targets: readonly LoadTarget[];
  /** One that has redis-benchmark and a shell: Redis's. */
  image: string;
  network: string;
  labels: Labels;
  password: string | undefined;
  clock: Clock;
  emit: Emit;
  /** Aborting does what `stop` does. */
  signal: AbortSignal;
}

const BEGIN_MS = 30_000;
/** It tells something four times a second. One that has lost its server at a bad moment spins for ever without a word. ms */
const SILENCE_MS = 10_000;
const AGAIN_MS = 1000;
const NOT_THERE = 127;
let serial = 0;

/**
 * Its progress lines end with a carriage return, which Docker's log does not take for the end of a line. GNU's tr keeps what it
 * has translated until there are 4 KiB of it; busybox's does not.
 */
const SCRIPT = `
command -v redis-benchmark >/dev/null || exit ${NOT_THERE}
lines=tr
command -v stdbuf >/dev/null && lines="stdbuf -o0 tr"
while :; do
  redis-benchmark "$@" 2>&1
  code=$?
  echo "${EXIT_MARK} $code"
  [ $code = 0 ] || sleep 1
done | $lines '\\r' '\\n'
`;

/** redis-benchmark in one container, at one target. */
export class BenchmarkProcess {
  readonly node: string;
  readonly #options: BenchmarkOptions;
  readonly #target: LoadTarget;
  readonly #output = new BenchmarkOutput();
  readonly #over = new AbortController();
  #container: string | undefined;
  #heardAt = performance.now();
  #follows: Promise<void> | undefined;
  #exitCode: number | null = null;
  readonly started: Promise<void>;

  constructor(options: BenchmarkOptions, target: LoadTarget) {
    this.#options = options;
    this.#target = target;
    this.node = target.node;
    this.started = this.#start();
  }

  async #start(): Promise<void> {
    const { engine, spec, image, network, labels, password, signal } = this.#options;
    const { host, port } = this.#target;
    const where = ["-h", host, "-p", String(port), ...(password === undefined ? [] : ["-a", password])];
    this.#container = await engine.createContainer(
      {
        name: `kvchaos-benchmark-${process.pid}-${++serial}`,
        image,
        entrypoint: ["sh"],
        command: ["-c", SCRIPT, "redis-benchmark", ...where, ...spec.args],
        labels,
        networks: [{ name: network }],
      },
      { signal },
    );
    await engine.start(this.#container, { signal });
    this.#follows = this.#follow(this.#container);
  }

  /** Resolves when it has told of a test, or could not connect. */
  async begun(): Promise<void> {
    const { image, signal } = this.#options;
    await until({ what: `the first words of redis-benchmark on ${this.node}`, within: BEGIN_MS, signal }, () => {
      return this.#output.begun || this.#output.refusal !== null || this.#exitCode !== null;
    });
    if (this.#output.refusal !== null) {
      const text = `redis-benchmark does not take its arguments: ${this.#output.refusal}`;
      throw new ChaosError("invalid-experiment", text, {
        hint: "Try the same `args` with redis-benchmark by hand.",
      });
    }
    if (this.#exitCode === NOT_THERE) {
      throw new ChaosError("infrastructure", `the image ${image} has no redis-benchmark`, {
        hint: `Remove it (docker rmi ${image}) and let \`kvchaos images pull --system redis\` get it or make it anew.`,
      });
    }
  }

  /** What it has told since the last call. One that is stuck is started again. */
  take(): BenchmarkCount {
    if (performance.now() - this.#heardAt > SILENCE_MS && this.#container !== undefined) {
      this.#heardAt = performance.now();
      this.#note("was stuck and is started again");
      this.#options.engine.kill(this.#container, "SIGKILL").catch(() => {}); // it has ended by itself
    }
    return this.#output.take();
  }

  /** Removes its container; what it told until then can still be taken. */
  async end(): Promise<void> {
    this.#over.abort();
    await this.started.catch(() => {}); // whoever started it was told
    // No signal: it may be what ends everything.
    if (this.#container !== undefined) await this.#options.engine.remove(this.#container, { force: true });
    await this.#follows;
  }

  /** Reads its output until it is ended; a container that ends by itself is started again. */
  async #follow(id: string): Promise<void> {
    const { engine } = this.#options;
    const signal = this.#over.signal;
    let after = "";
    try {
      for (;;) {
        const followed = await engine.followLogs(id, { after, signal }, ({ text, at }) => {
          after = at;
          this.#heardAt = performance.now();
          this.#output.line(text, Date.parse(at));
        });
        await followed.done;
        if (signal.aborted) return;
        this.#exitCode = (await engine.inspectContainer(id, { signal }))?.exitCode ?? null;
        if (this.#exitCode === NOT_THERE) return;
        await sleep(AGAIN_MS, signal);
        await engine.start(id, { signal });
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#note(`is not heard any more: ${messageOf(error)}`);
    }
  }

  #note(text: string): void {
    const { spec, emit } = this.#options;
    emit({ type: "note", about: spec.name, text: `redis-benchmark on ${this.node} ${text}` });
  }
}
