import { printable } from "../base/escape.ts";
import { groupBy } from "../base/group-by.ts";

/** One thread's stack as gdb prints it, innermost call first. */
export interface Backtrace {
  /** Thread id on the host. */
  tid: number;
  frames: string[];
}

/** Reads the output of `thread apply all bt`. Frames gdb has no name for become "??". */
export function parseBacktraces(text: string): Backtrace[] {
  const traces: Backtrace[] = [];
  for (const line of text.split("\n")) {
    const header = /^Thread \d+ \(.*?LWP (\d+)/.exec(line);
    if (header) traces.push({ tid: Number(header[1]), frames: [] });
    const frame = /^#\d+\s+(?:0x[0-9a-f]+ in )?(.+)$/.exec(line);
    if (frame?.[1]) traces.at(-1)?.frames.push(functionName(frame[1]));
  }
  return traces;
}

/** "reader (unused=...) at deadlock.c:65" → "reader"; names of C++ functions contain parentheses of their own. */
function functionName(frame: string): string {
  const call = frame.replace(/ (?:at|from) [^()]*$/, "");
  const end = call.lastIndexOf(" (");
  return printable(end > 0 ? call.slice(0, end) : call);
}

/** Below this is the C library's way into a lock or a wait: the public name says the same. */
const INNER = [
  /^_*futex_/,
  /^(?:__GI_)?_*futex_abstimed_wait/,
  /^(?:__GI_)?_*lll_/,
  /^_*pthread_\w+_full(?:64)?$/,
  /^_*pthread_(?:cond_wait_common|clockjoin_ex|mutex_cond_lock\w*)$/,
  /^_*internal_syscall_cancel$/,
  /^_*syscall_cancel/,
  /^_*do_sem_wait$/,
  /^_*new_sem_wait_slow/,
];
/** How a thread begins, and the wrappers of the C++ library between two functions of the server. */
const OUTER = [
  /^start_thread$/,
  /^_*clone3?$/,
  /^_*libc_start_(?:call_)?main/,
  /^_start$/,
  /^execute_native_thread_routine$/,
  /^std::(?:__invoke|__invoke_impl|invoke|__apply)/,
  /^std::thread::_/,
  /^std::_Function_handler</,
  /^std::function</,
  /^std::(?:unique_lock|lock_guard|shared_lock|scoped_lock)</,
  /^std::(?:__shared_mutex_pthread|__glibcxx_\w+|shared_mutex|mutex|__condvar)\b/,
  /^std::__(?:future_base|atomic_futex)/,
  /^__gthread_/,
];

/** A stack without library noise: what it waits in, then the server's own functions. Never empty if the stack was not. */
export function foldFrames(frames: readonly string[]): string[] {
  const names = frames.map(publicName);
  const noisy = (name: string): boolean => [...INNER, ...OUTER].some((noise) => noise.test(name));
  // The C++ library starts its threads through a function that stripped builds have no name for.
  const starts = (i: number): boolean => names[i] === "??" && names[i + 1] === "start_thread";
  const kept = names.filter((name, i) => !noisy(name) && !starts(i));
  // A frame that only repeats its own alias (…rdlock over …rdlock_full) is one call.
  const folded = kept.filter((name, i) => name !== kept[i - 1] || name === "??");
  return folded.length > 0 ? folded : names.slice(0, 1);
}

/** glibc's internal aliases: "___pthread_rwlock_rdlock", "__GI___pthread_mutex_lock" → "pthread_mutex_lock". */
function publicName(name: string): string {
  return name
    .replace(
      /^(?:__GI_)?_+(?:libc_)?(?=(?:pthread|sem|poll|read|recv|connect|pause|nanosleep|clock_nanosleep)\w*$)/,
      "",
    )
    .replace(/^(?:__GI_)(?=_)/, "");
}

/** Stacks that are the same after folding, most frequent first. */
export function mergeStacks(traces: readonly Backtrace[]): { tids: number[]; frames: string[] }[] {
  const folded = traces.map(({ tid, frames }) => ({ tid, frames: foldFrames(frames) }));
  return [...groupBy(folded, ({ frames }) => frames.join("\n")).values()]
    .map((same) => ({ tids: same.map(({ tid }) => tid), frames: same[0]?.frames ?? [] }))
    .sort((a, b) => b.tids.length - a.tids.length);
}
