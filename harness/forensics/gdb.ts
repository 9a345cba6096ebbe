import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import type { Clock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { type Backtrace, mergeStacks, parseBacktraces } from "./backtrace.ts";
import { printable, printableText } from "./proc-text.ts";
import { isFrozen, linkTarget, processState } from "./process.ts";
import type { ThreadName } from "./wait-text.ts";

export interface GdbOptions {
  pid: number;
  clock: Clock;
  signal?: AbortSignal | undefined;
  /** ms until gdb is ended and the process let go. */
  within: number;
  /** Frames per thread. */
  depth: number;
}

export type GdbResult =
  | { taken: true; traces: Backtrace[]; raw: string; stoppedMs: number }
  /** `stoppedMs`: it may have stopped the process and failed. */
  | { taken: false; why: string; stoppedMs: number };

/**
 * Function names of every thread, by attaching gdb, which stops the process: the last and only harmful step of a capture.
 * The pause is measured from outside (TracerPid), every few milliseconds. A process that is stopped, frozen or already
 * debugged is left alone: gdb would hang on it, or set it running.
 */
export async function takeBacktraces(options: GdbOptions): Promise<GdbResult> {
  const { pid, clock, signal, within } = options;
  const refused = (why: string): GdbResult => ({ taken: false, why, stoppedMs: 0 });
  const gdb = findGdb();
  if (!gdb) return refused("gdb is not installed on this machine");
  const before = processState(pid);
  if (!before) return refused("the process is gone");
  if (before.tracer !== 0) return refused(`process ${before.tracer} already debugs it`);
  if (/[TtZX]/.test(before.state)) return refused(`the process is stopped or dead (state ${before.state})`);
  if (isFrozen(pid)) return refused("the container is paused");

  const child = spawn(gdb, gdbArguments(options), { stdio: ["ignore", "pipe", "pipe"] });
  const pause = watchPause(pid, clock);
  const output = collect(child);
  let failed: string | null = null;
  try {
    await until({ what: "gdb's answer", within, every: 10, signal }, () => output.ended());
  } catch (error) {
    failed = `gdb was ended: ${messageOf(error)}`;
    await end(child, () => output.ended());
  }
  const stuck = await letGo(pid);
  const stoppedMs = pause.stop();
  signal?.throwIfAborted();
  if (failed !== null || stuck !== null) return { taken: false, why: stuck ?? failed ?? "", stoppedMs };
  const raw = output.text();
  const traces = parseBacktraces(raw);
  if (traces.length > 0) return { taken: true, traces, raw, stoppedMs };
  const why = output.errors().split("\n").filter(Boolean).at(-1) ?? "it printed no stack";
  return { taken: false, why: `gdb failed: ${printable(why)}`, stoppedMs };
}

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

/**
 * The sysroot lets gdb find the container's own binary and libraries. Arguments are not printed: they hold users' keys and
 * values. (--readnever would be faster but loses the unwind tables, and with them every caller: measured with gdb 13.)
 * The program's symbols are read before gdb attaches: that alone takes seconds (Kvrocks: 93 MB), and shortened the pause
 * of a Kvrocks 2.9.0 from 9 s to 2 s.
 */
function gdbArguments({ pid, depth }: GdbOptions): string[] {
  const before = [
    "set debuginfod enabled off",
    "set auto-load off",
    "set pagination off",
    "set confirm off",
    "set print frame-arguments none",
    "set print thread-events off",
    "set exec-file-mismatch off",
    `set sysroot /proc/${pid}/root`,
  ];
  const first = before.flatMap((command) => ["-iex", command]);
  const target = linkTarget(`/proc/${pid}/exe`);
  const program = target === null || target.endsWith(" (deleted)") ? [] : [`/proc/${pid}/root${target}`];
  const after = [`attach ${pid}`, `thread apply all bt ${depth}`, "detach"].flatMap((command) => ["-ex", command]);
  return ["-nx", "-q", "-batch", ...first, ...program, ...after];
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

/** A killed debugger can leave its process stopped. It was running before, so it is set running again. Returns what is wrong, or null. */
async function letGo(pid: number): Promise<string | null> {
  const running = () => {
    const state = processState(pid);
    if (state?.tracer === 0 && state.state === "T") process.kill(pid, "SIGCONT");
    return state === null || (state.tracer === 0 && state.state !== "T" && state.state !== "t");
  };
  try {
    await until({ what: "the process's going on after gdb", within: 2000, every: 5 }, running);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function watchPause(pid: number, clock: Clock): { stop(): number } {
  let from: number | null = null;
  let to: number | null = null;
  const look = () => {
    const traced = (processState(pid)?.tracer ?? 0) !== 0;
    if (traced) {
      from ??= clock.now();
      to = clock.now();
    }
  };
  const timer = setInterval(look, 4);
  return {
    stop() {
      clearInterval(timer);
      return from === null || to === null ? 0 : Math.round(to - from);
    },
  };
}

/** stacks-gdb.txt: identical stacks once, without library noise; then gdb's own words. */
export function backtraceText(result: GdbResult & { taken: true }, name: ThreadName): string {
  const lines = [`gdb stopped the process for ${result.stoppedMs} ms`, ""];
  for (const { tids, frames } of mergeStacks(result.traces)) {
    lines.push(`${tids.length} ${tids.length === 1 ? "thread" : "threads"}: ${tids.map(name).join(", ")}`);
    lines.push(...frames.map((frame, i) => `  #${i} ${frame}`), "");
  }
  return `${lines.join("\n")}\n---- gdb ----\n${printableText(result.raw)}`;
}
