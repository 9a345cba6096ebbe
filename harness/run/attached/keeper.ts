import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";
import type { AttachedServers } from "./attached-servers.ts";
import { DISMISS, type KeeperTask, READY } from "./keeper-words.ts";

/*
 *   harness ──── pipe: what the servers were ───► keeper (own session, keeper-main.ts)
 *      │ "dismiss"                                   │ told to: exits
 *      │ dies, in whatever way                       │ the pipe ends without a word: puts the servers back
 */

const START_MS = 60_000;
const DISMISS_MS = 10_000;

/**
 * Starts the process that puts servers back that are not ours, should this one be killed. Resolves when it is on guard. What it has done
 * it writes to `put-back.txt` of the run's folder. @returns what ends it, when this process has put them back itself
 */
export async function startKeeper(
  { servers, topology, prefix, login }: AttachedServers,
  { directory, deeds, signal }: Pick<KeeperTask, "directory" | "deeds"> & { signal: AbortSignal },
): Promise<() => Promise<void>> {
  const main = fileURLToPath(new URL("./keeper-main.mjs", import.meta.url));
  const child = spawn(process.execPath, [main], { cwd: "/", detached: true, stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.on("error", () => {});
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const task: KeeperTask = {
    servers: [...servers].map(([name, { at, inside, role, system, version, pid, container }]) => {
      return [name, { at, inside, role, system: system.name, version, pid, container }];
    }),
    ...{ topology, prefix, directory, deeds, login: { username: login.username, password: login.password } },
  };
  // Not in its arguments: those are everybody's to read.
  child.stdin.write(`${JSON.stringify(task)}\n`);
  try {
    await withDeadline(
      { what: "the start of the process that puts servers back", within: START_MS, signal },
      async (inner) => {
        const said = await Promise.race([
          once(child.stdout, "data", { signal: inner }).then(([bytes]) => String(bytes).trim()),
          once(child, "error", { signal: inner }).then(([error]) => Promise.reject(error)),
          exited.then(() => "nothing, and ended"),
        ]);
        if (said !== READY) throw new ChaosError("infrastructure", `it said ${said}`);
      },
    );
  } catch (error) {
    child.kill("SIGKILL");
    signal.throwIfAborted();
    throw new ChaosError("infrastructure", `The process that puts servers back did not start: ${messageOf(error)}`, {
      hint: "Without it a killed run would leave servers of yours as its faults made them. Is there memory for one more Node process?",
      cause: error,
    });
  }
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) (pipe as unknown as { unref(): void }).unref();
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    child.stdin.end(`${DISMISS}\n`);
    await withDeadline({ what: "the end of the process that puts servers back", within: DISMISS_MS }, () => exited);
  };
}
