import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ChaosError } from "../../base/chaos-error.ts";
import { withDeadline, withResolvers } from "../../base/deadline.ts";
import type { JournalEvent } from "../../journal/events.ts";
import type { Place } from "../../run/side-by-side.ts";
import type { RunRequest } from "../run-here.ts";
import type { FromRun, RunEnd, ToRun } from "./messages.ts";

/*
 *   kvchaos ── request, interrupt, others ──► process of one run (a session of its own: Ctrl-C reaches kvchaos alone)
 *      ▲                                        │      warm: of several, one after the other
 *      └── events, how it ended, its stderr ────┘   kvchaos dies: the channel ends, the process too, the reaper cleans up
 *
 * A run has a main thread of its own: reading a journal, checking and rendering block one for up to some seconds, and a fault of
 * a run beside it would come so much too late.
 */

const PROGRAM = fileURLToPath(new URL("./run-process-main.mjs", import.meta.url));
/** A cluster that is kept is removed in that time, or by the reaper. ms */
const LEAVE_MS = 60_000;

export interface Watcher {
  onEvent(event: JournalEvent): void;
}

export interface RunAside extends RunEnd {
  /** What it said, to be shown as one piece. */
  said: string;
  /** Its cluster may serve another run. */
  warm: boolean;
}

/** The processes that do runs: one for each, or those of warm runs again and again. */
export class RunProcesses {
  /** Those without a run, by what their last one was for: most of what they keep is of use to the next of these. */
  readonly #idle: { process: RunProcess; ground: string }[] = [];

  /**
   * Does a run in a process of its own, or in one whose run is over.
   * @throws ChaosError what kept it from beginning
   */
  async run(
    request: RunRequest,
    { place, interrupt, onEvent }: Watcher & { place: Place; interrupt: AbortSignal },
  ): Promise<RunAside> {
    interrupt.throwIfAborted();
    const process = this.#take(request.warm) ?? new RunProcess(request.reports);
    const onAbort = (): void => process.tell({ type: "interrupt" });
    interrupt.addEventListener("abort", onAbort, { once: true });
    const stopCounting = place.watch((count) => process.tell({ type: "others", count }));
    let left: Promise<void> | undefined;
    try {
      const ended = await process.run(request, (event) => {
        if (event.type === "self") place.felt(event);
        if (event.type === "phase" && event.phase === "setup" && event.step === "end") place.settled();
        onEvent(event);
      });
      if (request.warm !== null && !interrupt.aborted && process.isAlive) {
        this.#idle.push({ process, ground: request.warm });
        left = Promise.resolve();
      } else {
        left = process.leave();
        await left;
      }
      return { ...ended, said: process.said };
    } finally {
      stopCounting();
      interrupt.removeEventListener("abort", onAbort);
      if (left === undefined) await process.leave();
    }
  }

  #take(ground: string | null): RunProcess | undefined {
    if (ground === null) return undefined;
    const at = this.#idle.findIndex((one) => one.ground === ground);
    const [taken] = this.#idle.splice(Math.max(0, at), 1);
    return taken?.process;
  }

  /** Ends them all; what they keep is removed. */
  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(({ process }) => process.leave()));
  }
}

type Ended = Omit<RunAside, "said">;

class RunProcess {
  readonly #child: ChildProcess;
  readonly #reports: string;
  #onEvent: (event: JournalEvent) => void = () => {};
  #end: ReturnType<typeof withResolvers<Ended>> | null = null;
  /** Of its last run. */
  said = "";
  #directory: string | null = null;
  readonly #closed = withResolvers();
  #isClosed = false;

  constructor(reports: string) {
    this.#reports = reports;
    this.#child = fork(PROGRAM, [], {
      execArgv: ["--no-memory-reducer"], // as kvchaos.mjs
      detached: true,
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const child = this.#child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.said += text;
    });
    // A process that died cannot be told anything; its end says so.
    child.on("error", () => {});
    child.on("message", (message: FromRun) => this.#hear(message));
    // All of its words have come by then.
    child.on("close", (code, signal) => {
      this.#isClosed = true;
      this.#closed.resolve();
      this.#died(signal ?? `exit code ${code}`);
    });
  }

  get isAlive(): boolean {
    return this.#child.connected && !this.#isClosed;
  }

  async run(request: RunRequest, onEvent: (event: JournalEvent) => void): Promise<Ended> {
    this.#onEvent = onEvent;
    this.said = "";
    this.#directory = null;
    const end = withResolvers<Ended>();
    this.#end = end;
    const { isTTY = false, columns = 80 } = process.stderr;
    if (this.#isClosed) this.#died("before it began");
    this.tell({ type: "run", request, script: process.argv[1] ?? "", terminal: { isTTY, columns } });
    return end.promise;
  }

  tell(message: ToRun): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** Whatever comes between: it ends without who asked for it. */
  async leave(): Promise<void> {
    this.tell({ type: "leave" });
    await withDeadline({ what: "the end of a run's process", within: LEAVE_MS }, () => this.#closed.promise).catch(
      () => {},
    );
    if (this.#child.connected) this.#child.disconnect();
  }

  #hear(message: FromRun): void {
    if (message.type === "event") {
      const { event } = message;
      if (event.type === "run") this.#directory = path.join(this.#reports, event.runId);
      this.#onEvent(event);
    } else if (message.type === "failed") {
      this.#end?.resolve(Promise.reject(new ChaosError(message.code, message.message, { hint: message.hint })));
      this.#end = null;
    } else {
      this.#end?.resolve({ ...message.run, warm: message.warm });
      this.#end = null;
    }
  }

  #died(how: string): void {
    const end = this.#end;
    this.#end = null;
    if (end === null) return;
    const why = `the process of the run ended before it (${how})`;
    if (this.#directory === null) {
      const last = this.said.trim().split("\n").at(-1) ?? "";
      end.resolve(Promise.reject(new ChaosError("infrastructure", `${why}: ${last}`)));
      return;
    }
    this.said += `kvchaos: ${why}\n`;
    const run: RunEnd = { verdict: "error", reasons: [why], findings: [], directory: this.#directory, starved: false };
    end.resolve({ ...run, warm: false });
  }
}
