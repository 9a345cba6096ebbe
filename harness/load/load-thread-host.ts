import { Worker } from "node:worker_threads";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { FromThread, ThreadPlan, ToThread } from "./thread-messages.ts";

/** The main thread's end of one load thread. */
export class LoadThread {
  readonly ready: Promise<void>;
  /** Resolves when the thread has gone, for whatever reason. */
  readonly exited: Promise<void>;
  isAlive = true;
  readonly #worker: Worker;
  #stopped = false;

  /** @param onDeath told once if the thread ends without having said "stopped" */
  constructor(plan: ThreadPlan, onMessage: (message: FromThread) => void, onDeath: (error: ChaosError) => void) {
    // The main thread's own options (--import tsx, --eval …) only get in its way.
    this.#worker = new Worker(new URL("./load-thread.mjs", import.meta.url), {
      workerData: plan,
      execArgv: [],
      name: "kvchaos-load",
    });
    let why = "it ended by itself";
    let isReady = () => {};
    let isNot = (_: ChaosError) => {};
    this.ready = new Promise((resolve, reject) => {
      isReady = resolve;
      isNot = reject;
    });
    this.ready.catch(() => {}); // who does not wait for it hears of it through onDeath
    this.#worker.on("message", (message: FromThread) => {
      if (message.type === "ready") isReady();
      if (message.type === "stopped") this.#stopped = true;
      onMessage(message);
    });
    this.#worker.on("error", (error) => {
      why = messageOf(error);
    });
    this.exited = new Promise((resolve) => {
      this.#worker.on("exit", () => {
        this.isAlive = false;
        if (!this.#stopped) {
          const error = new ChaosError("internal", `a load thread died: ${why}`, {
            hint: "Operations since its last sample are not counted; the run says less than it seems to.",
          });
          isNot(error);
          onDeath(error);
        }
        resolve();
      });
    });
  }

  tell(message: ToThread): void {
    if (this.isAlive) this.#worker.postMessage(message);
  }

  /** Ends it at once, whatever it does. */
  async terminate(): Promise<void> {
    this.#stopped = true;
    await this.#worker.terminate();
    await this.exited;
  }
}
