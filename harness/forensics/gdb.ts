import { messageOf } from "../base/chaos-error.ts";
import type { Clock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { printable, printableText } from "../base/escape.ts";
import { findProgram } from "../base/programs.ts";
import { quietGdb, runGdb } from "../locks/names/gdb-process.ts";
import { type Backtrace, mergeStacks, parseBacktraces } from "./backtrace.ts";
import { isFrozen, linkTarget, processState } from "./process.ts";
import type { ThreadName } from "./wait-graph-text.ts";

export interface GdbOptions {
  pid: number;
  clock: Clock;
  signal?: AbortSignal | undefined;
  /** ms until gdb is ended and the process let go. */
  within: number;
  /** Frames per thread. */
  depth: number;
  /** Called when the process stands still; what it returns, when it goes on. */
  onStopped?: (() => () => void) | undefined;
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
  const gdb = findProgram("gdb");
  if (!gdb) return refused("gdb is not installed on this machine");
  const before = processState(pid);
  if (!before) return refused("the process is gone");
  if (before.tracer !== 0) return refused(`process ${before.tracer} already debugs it`);
  if (/[TtZX]/.test(before.state)) return refused(`the process is stopped or dead (state ${before.state})`);
  if (isFrozen(pid)) return refused("the container is paused");

  const pause = watchPause(pid, clock, options.onStopped);
  const { output: raw, errors, failed } = await runGdb(gdb, gdbArguments(options), { within, signal });
  const stuck = await letGo(pid, failed !== null);
  const stoppedMs = pause.stop();
  signal?.throwIfAborted();
  if (failed !== null || stuck !== null) return { taken: false, why: stuck ?? failed ?? "", stoppedMs };
  const traces = parseBacktraces(raw);
  if (traces.length > 0) return { taken: true, traces, raw, stoppedMs };
  const why = errors.split("\n").filter(Boolean).at(-1) ?? "it printed no stack";
  return { taken: false, why: `gdb failed: ${printable(why)}`, stoppedMs };
}

/**
 * The sysroot lets gdb find the container's own binary and libraries. Arguments are not printed: they hold users' keys and
 * values. (--readnever would be faster but loses the unwind tables, and with them every caller: measured with gdb 13.)
 * The program's symbols are read before gdb attaches: that alone takes seconds (Kvrocks: 93 MB), and shortened the pause
 * of a Kvrocks 2.9.0 from 9 s to 2 s.
 */
function gdbArguments({ pid, depth }: GdbOptions): string[] {
  const first = quietGdb("set exec-file-mismatch off", `set sysroot /proc/${pid}/root`);
  const target = linkTarget(`/proc/${pid}/exe`);
  const program = target === null || target.endsWith(" (deleted)") ? [] : [`/proc/${pid}/root${target}`];
  const after = [`attach ${pid}`, `thread apply all bt ${depth}`, "detach"].flatMap((command) => ["-ex", command]);
  return [...first, ...program, ...after];
}

/**
 * A killed debugger can leave its process stopped, or about to be: the SIGSTOP of its attach may still wait for the thread to run,
 * so that the process looks well and stops a moment later (seen once in 250 on a busy machine). SIGCONT takes back stops that wait
 * as well (signal(7)); it was running before, so it is sent in any case. Returns what is wrong, or null.
 */
async function letGo(pid: number, killed: boolean): Promise<string | null> {
  const goOn = () => {
    try {
      process.kill(pid, "SIGCONT");
    } catch {
      // It ended meanwhile, which the state below tells.
    }
  };
  if (killed) goOn();
  const running = () => {
    const state = processState(pid);
    if (state?.tracer === 0 && state.state === "T") goOn();
    return state === null || (state.tracer === 0 && state.state !== "T" && state.state !== "t");
  };
  try {
    await until({ what: "the process's going on after gdb", within: 2000, every: 5 }, running);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function watchPause(pid: number, clock: Clock, onStopped: GdbOptions["onStopped"]): { stop(): number } {
  let from: number | null = null;
  let to: number | null = null;
  let goesOn: (() => void) | undefined;
  const look = () => {
    const traced = (processState(pid)?.tracer ?? 0) !== 0;
    if (!traced) return;
    if (from === null) goesOn = onStopped?.();
    from ??= clock.now();
    to = clock.now();
  };
  const timer = setInterval(look, 4);
  return {
    stop() {
      clearInterval(timer);
      goesOn?.();
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
