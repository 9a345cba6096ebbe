import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { messageOf } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";

/** Characters: more output than this is of no use to anybody. */
const OUTPUT_MAX = 8 * 1024 * 1024;

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
  const result: { output: string; errors: string; failed: string | null } = { output: "", errors: "", failed: null };
  const collect = (of: Readable, into: "output" | "errors") =>
    of.setEncoding("utf8").on("data", (text: string) => {
      if (result[into].length < OUTPUT_MAX) result[into] += text;
    });
  collect(child.stdout, "output");
  collect(child.stderr, "errors");
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", ({ message }) => {
      result.errors += message;
      resolve();
    });
  });
  try {
    await withDeadline({ what: "gdb's answer", within, signal }, () => ended);
  } catch (error) {
    result.failed = `gdb was ended: ${messageOf(error)}`;
    child.kill("SIGKILL");
    await withDeadline({ what: "gdb's end", within: 1000 }, () => ended).catch(() => {});
  }
  return result;
}
