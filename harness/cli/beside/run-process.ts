import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ChaosError } from "../../base/chaos-error.ts";
import type { JournalEvent } from "../../journal/events.ts";
import type { Place } from "../../run/side-by-side.ts";
import type { RunRequest } from "../run-here.ts";
import type { FromRun, RunEnd, ToRun } from "./messages.ts";

/*
 *   kvchaos ── request, interrupt, others ──► process of one run (a session of its own: Ctrl-C reaches kvchaos alone)
 *      ▲                                        │
 *      └── events, how it ended, its stderr ────┘   kvchaos dies: the channel ends, the process too, the reaper cleans up
 *
 * A run has a main thread of its own: reading a journal, checking and rendering block one for up to some seconds, and a fault of
 * a run beside it would come so much too late.
 */

const PROGRAM = fileURLToPath(new URL("./run-process-main.mjs", import.meta.url));

export interface Watcher {
  onEvent(event: JournalEvent): void;
}

export interface RunAside extends RunEnd {
  /** What it said, to be shown as one piece. */
  said: string;
}

/**
 * Does a run in a process of its own.
 * @throws ChaosError what kept it from beginning
 */
export async function runAside(
  request: RunRequest,
  { place, interrupt, onEvent }: Watcher & { place: Place; interrupt: AbortSignal },
): Promise<RunAside> {
  interrupt.throwIfAborted();
  const child = fork(PROGRAM, [], {
    execArgv: ["--no-memory-reducer"], // as kvchaos.mjs
    detached: true,
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const run = new RunProcess(child, request.reports);
  const { isTTY = false, columns = 80 } = process.stderr;
  const onAbort = (): void => run.tell({ type: "interrupt" });
  interrupt.addEventListener("abort", onAbort, { once: true });
  const stopCounting = place.watch((count) => run.tell({ type: "others", count }));
  run.onEvent = (event) => {
    if (event.type === "self") place.felt(event);
    if (event.type === "phase" && event.phase === "setup" && event.step === "end") place.settled();
    onEvent(event);
  };
  try {
    run.tell({ type: "run", request, script: process.argv[1] ?? "", terminal: { isTTY, columns } });
    return await run.end;
  } finally {
    // Whatever came between: it ends without who asked for it.
    if (child.connected) child.disconnect();
    stopCounting();
    interrupt.removeEventListener("abort", onAbort);
  }
}

class RunProcess {
  readonly end: Promise<RunAside>;
  onEvent: (event: JournalEvent) => void = () => {};
  readonly #child: ChildProcess;
  #said = "";
  #directory: string | null = null;

  constructor(child: ChildProcess, reports: string) {
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said += text;
    });
    // A process that died cannot be told anything; its end says so.
    child.on("error", () => {});
    let last: Exclude<FromRun, { type: "event" }> | null = null;
    child.on("message", (message: FromRun) => {
      if (message.type !== "event") {
        last = message;
        return;
      }
      const { event } = message;
      if (event.type === "run") this.#directory = path.join(reports, event.runId);
      this.onEvent(event);
    });
    this.end = new Promise((resolve, reject) => {
      // All of its words have come by then.
      child.on("close", (code, signal) => {
        if (last?.type === "failed") reject(new ChaosError(last.code, last.message, { hint: last.hint }));
        else if (last) resolve({ ...last.run, said: this.#said });
        else this.#died(signal ?? `exit code ${code}`, resolve, reject);
      });
    });
  }

  tell(message: ToRun): void {
    if (this.#child.connected) this.#child.send(message);
  }

  #died(how: string, resolve: (run: RunAside) => void, reject: (error: ChaosError) => void): void {
    const why = `the process of the run ended before it (${how})`;
    if (this.#directory === null) {
      reject(new ChaosError("infrastructure", `${why}: ${this.#said.trim().split("\n").at(-1) ?? ""}`));
      return;
    }
    const said = `${this.#said}kvchaos: ${why}\n`;
    resolve({ verdict: "error", reasons: [why], findings: [], directory: this.#directory, starved: false, said });
  }
}
