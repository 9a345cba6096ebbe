import { type ChildProcess, spawn } from "node:child_process";
import { messageOf } from "../base/chaos-error.ts";
import { until } from "../base/deadline.ts";

/** How gdb begins, whatever it then looks at. @param more commands before it reads any file */
export function quietGdb(...more: string[]): string[] {
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

/**
 * Runs gdb to its end; after `within` ms it is ended, which `failed` says. Never rejects.
 *
 * It is ended by SIGKILL: on SIGTERM in the middle of an attach gdb 13 hands the process it looks at a SIGINT, which ended 2 of
 * about 170 test programs on a busy machine. Killed, it hands over nothing (0 of 236), and the kernel detaches it. A session of
 * its own keeps the terminal's Ctrl-C, another SIGINT, away from it.
 */
export async function runGdb(
  gdb: string,
  args: readonly string[],
  { within, signal }: { within: number; signal?: AbortSignal | undefined },
): Promise<{ output: string; errors: string; failed: string | null }> {
  const child = spawn(gdb, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const output = collect(child);
  let failed: string | null = null;
  try {
    await until({ what: "gdb's answer", within, every: 10, signal }, () => output.ended());
  } catch (error) {
    failed = `gdb was ended: ${messageOf(error)}`;
    child.kill("SIGKILL");
    await until({ what: "gdb's end", within: 1000, every: 10 }, () => output.ended()).catch(() => {});
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
