import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { until } from "../base/deadline.ts";

/** Path of gdb, or null when this machine has none. */
export function findGdb(): string | null {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(directory, "gdb");
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return null;
}

/** How gdb begins, whatever it then looks at. @param more commands before it reads any file */
export function before(...more: string[]): string[] {
  const quiet = [
    "set debuginfod enabled off",
    "set auto-load off",
    "set pagination off",
    "set confirm off",
    "set print frame-arguments none",
    "set print thread-events off",
  ];
  return ["-nx", "-q", "-batch", ...[...quiet, ...more].flatMap((command) => ["-iex", command])];
}

/** Runs gdb to its end; after `within` ms it is ended, which `failed` says. Never rejects. */
export async function runGdb(
  gdb: string,
  args: readonly string[],
  { within, signal }: { within: number; signal?: AbortSignal | undefined },
): Promise<{ output: string; errors: string; failed: string | null }> {
  const child = spawn(gdb, args, { stdio: ["ignore", "pipe", "pipe"] });
  const output = collect(child);
  let failed: string | null = null;
  try {
    await until({ what: "gdb's answer", within, every: 10, signal }, () => output.ended());
  } catch (error) {
    failed = `gdb was ended: ${messageOf(error)}`;
    await end(child, () => output.ended());
  }
  return { output: output.text(), errors: output.errors(), failed };
}

/** More than this of output is of no use to anybody. */
const OUTPUT_MAX = 8 * 1024 * 1024;

function collect(child: ChildProcess) {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let size = 0;
  let over = false;
  const into = (list: Buffer[]) => (chunk: Buffer) => {
    size += chunk.length;
    if (size < OUTPUT_MAX) list.push(chunk);
  };
  child.stdout?.on("data", into(out));
  child.stderr?.on("data", into(err));
  child.on("error", (error) => {
    err.push(Buffer.from(error.message));
    over = true;
  });
  child.on("close", () => {
    over = true;
  });
  return {
    ended: () => over,
    text: () => Buffer.concat(out).toString("utf8"),
    errors: () => Buffer.concat(err).toString("utf8"),
  };
}

/** SIGTERM lets gdb detach by itself; SIGKILL makes the kernel do it. Only ever this child, by its own id. */
async function end(child: ChildProcess, ended: () => boolean): Promise<void> {
  for (const name of ["SIGTERM", "SIGKILL"] as const) {
    child.kill(name);
    try {
      await until({ what: `gdb's end after ${name}`, within: 1000, every: 10 }, ended);
      return;
    } catch {}
  }
}
