import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { messageOf } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";

/** Characters: more output than this is of no use to anybody. */
const OUTPUT_MAX = 8 * 1024 * 1024;

export interface ToolOptions {
  /** ms until it is ended. */
  within: number;
  signal?: AbortSignal | undefined;
  /** What it reads. */
  input?: string | undefined;
  /** Where programs are, as PATH has it; left out: where they are on this machine. */
  folders?: string | undefined;
  /** Characters of output that are kept. */
  most?: number | undefined;
}

export interface ToolResult {
  output: string;
  errors: string;
  /** Why it was ended before its end; null: it ended by itself. */
  failed: string | null;
}

/**
 * Runs a program that looks at files of others to its end; after `within` ms it is ended by SIGKILL, which `failed` says. Never rejects.
 * A session of its own keeps the terminal's Ctrl-C away from it.
 */
export async function runTool(program: string, args: readonly string[], options: ToolOptions): Promise<ToolResult> {
  const { within, signal, input, most = OUTPUT_MAX } = options;
  const name = program.replace(/^.*\//, "");
  // None of them may ask a server on the internet for symbols.
  const env = { ...process.env, DEBUGINFOD_URLS: "", LC_ALL: "C" };
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true, env });
  const result: ToolResult = { output: "", errors: "", failed: null };
  const collect = (of: Readable, into: "output" | "errors") =>
    of.setEncoding("utf8").on("data", (text: string) => {
      if (result[into].length < most) result[into] += text;
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
  // One that ends before it has read everything has said what it had to say.
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? "");
  try {
    await withDeadline({ what: `${name}'s answer`, within, signal }, () => ended);
  } catch (error) {
    result.failed = `${name} was ended: ${messageOf(error)}`;
    child.kill("SIGKILL");
    await withDeadline({ what: `${name}'s end`, within: 1000 }, () => ended).catch(() => {});
  }
  return result;
}
