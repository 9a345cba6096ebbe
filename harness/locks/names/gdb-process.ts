import { runTool, type ToolOptions, type ToolResult } from "./run-tool.ts";

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
export async function runGdb(gdb: string, args: readonly string[], options: ToolOptions): Promise<ToolResult> {
  return runTool(gdb, args, options);
}
