import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";
import { DISMISS, READY } from "./words.ts";

/*
 *   harness ───────── pipe ─────────► reaper (own session, reaper-main.ts)
 *      │ "dismiss"                       │ told to: exits
 *      │ dies, in whatever way           │ the pipe ends without a word: removes all with kvchaos.run=<run id>
 *      ▼                                 ▼
 *   The kernel closes the pipe, also after SIGKILL: nothing of a run survives its harness.
 */

const START_MS = 30_000;
const DISMISS_MS = 10_000;

export interface Reaper {
  readonly pid: number;
  /** The run ends normally and has removed everything itself. Idempotent; resolves when the child is gone. */
  dismiss(): Promise<void>;
}

/**
 * Starts the process that cleans up after this one, whichever way it ends. Resolves when it is on guard: start it before
 * anything is created. It does not keep this process alive.
 */
export async function startReaper(options: { runId: string; signal?: AbortSignal }): Promise<Reaper> {
  const { runId, signal } = options;
  const main = fileURLToPath(new URL("./reaper-main.mjs", import.meta.url));
  // detached: a session of its own (setsid), out of reach of Ctrl-C and of the terminal's end.
  const child = spawn(process.execPath, [main, runId], {
    cwd: "/", // No folder of the user's is held.
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  // A child that died makes the pipe fail; that is told by its exit.
  child.stdin.on("error", () => {});
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    await withDeadline({ what: "the start of the reaper process", within: START_MS, signal }, async (inner) => {
      const said = await Promise.race([
        once(child.stdout, "data", { signal: inner }).then(([bytes]) => String(bytes).trim()),
        once(child, "error", { signal: inner }).then(([error]) => Promise.reject(error)),
        exited.then(() => "nothing, and ended"),
      ]);
      if (said !== READY) throw new ChaosError("infrastructure", `it said ${said}`);
    });
  } catch (error) {
    child.kill("SIGKILL");
    signal?.throwIfAborted();
    throw new ChaosError("infrastructure", `The reaper process could not be started: ${messageOf(error)}`, {
      hint: "Without it a killed run would leave containers behind. Is there memory for one more Node process?",
      cause: error,
    });
  }
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) (pipe as unknown as { unref(): void }).unref();
  return {
    pid: child.pid as number,
    dismiss: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      child.stdin.end(`${DISMISS}\n`);
      await withDeadline({ what: "the end of the reaper process", within: DISMISS_MS }, () => exited);
    },
  };
}
