import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "../base/deadline.ts";

const run = promisify(execFile);

/** Compiles a program of programs/; null where the compiler is missing, so that the test can skip with that reason. */
export async function compile(
  source:
    | "deadlock.c"
    | "std-locks.cpp"
    | "lock-names.cpp"
    | "assertion.c"
    | "locks.c"
    | "lock-cases.c"
    | "lock-server.c",
  flags: readonly string[] = [],
): Promise<{ path: string; remove(): Promise<void> } | null> {
  const compiler = source.endsWith(".c") ? "gcc" : "g++";
  const directory = await mkdtemp(join(tmpdir(), "kvchaos-forensics-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  const path = join(directory, "deadlock");
  try {
    await run(compiler, ["-O2", "-g", "-pthread", ...flags, "-o", path, join(import.meta.dirname, "programs", source)]);
    return { path, remove };
  } catch (error) {
    await remove();
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

export interface RunningProgram {
  pid: number;
  child: ChildProcess;
  kill(): Promise<void>;
}

/** Starts a program and waits for its "ready". */
export async function start(
  path: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningProgram> {
  const env = { ...process.env, ...environment };
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "inherit"], env });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until({ what: `"ready" of ${args[0]}`, within: 60_000, every: 5 }, () => said.includes("ready"));
  const kill = async () => {
    child.kill("SIGKILL");
    await until(
      { what: "the program's end", within: 60_000, every: 5 },
      () => child.exitCode !== null || child.signalCode !== null,
    );
  };
  return { pid: child.pid ?? 0, child, kill };
}
