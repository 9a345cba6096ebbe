import { spawn } from "node:child_process";
import { ChaosError, messageOf } from "./chaos-error.ts";

export interface CommandOptions {
  /** Milliseconds until the command is stopped and the promise rejects with code `timeout`. */
  within: number;
  signal?: AbortSignal | undefined;
  cwd?: string | undefined;
  /** Added to this process's environment; undefined removes a variable. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Exit codes that are not an error (default: 0). */
  accept?: readonly number[] | undefined;
  /** What the reader should do when the command fails. */
  hint?: string | undefined;
  /**
   * Milliseconds between the polite SIGINT and SIGKILL (default 5000). Infinity for package managers, which must not
   * be killed half-way: they react to SIGINT when it is safe.
   */
  patience?: number | undefined;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** What a failed command said last: the lines a person needs, not the whole output. */
function tail(result: { stdout: string; stderr: string }): string {
  const lines = `${result.stdout}\n${result.stderr}`.split("\n").filter((line) => line.trim() !== "");
  return lines.slice(-6).join(" | ");
}

/** Runs a program without a shell and collects its output. Failures are ChaosErrors with the program's last words. */
export async function runCommand(
  argv: readonly [string, ...string[]],
  options: CommandOptions,
): Promise<CommandResult> {
  const { within, signal, cwd, env, accept = [0], hint, patience = 5000 } = options;
  const [program, ...args] = argv;
  signal?.throwIfAborted();
  const child = spawn(program, args, {
    cwd,
    // A variable that is undefined is left out.
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that Ctrl-C on the terminal reaches it only through us.
    detached: true,
  });
  const result = { code: -1, stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      result[stream] += text;
    });
  }

  let reason: unknown;
  let killer: NodeJS.Timeout | undefined;
  const stop = (why: unknown): void => {
    if (reason !== undefined) return;
    reason = why;
    child.kill("SIGINT");
    if (Number.isFinite(patience)) killer = setTimeout(() => killGroup(child.pid), patience);
  };
  const timer = setTimeout(
    () => stop(new ChaosError("timeout", `${argv.join(" ")} did not finish within ${within} ms`, { hint })),
    within,
  );
  const onAbort = (): void => stop(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    result.code = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? -1));
    });
  } catch (error) {
    throw new ChaosError("infrastructure", `cannot run ${program}: ${messageOf(error)}`, { cause: error, hint });
  } finally {
    clearTimeout(timer);
    clearTimeout(killer);
    signal?.removeEventListener("abort", onAbort);
  }
  if (reason !== undefined) throw reason;
  if (!accept.includes(result.code)) {
    throw new ChaosError("infrastructure", `${argv.join(" ")} failed (exit ${result.code}): ${tail(result)}`, { hint });
  }
  return result;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already, which is what we want.
  }
}
