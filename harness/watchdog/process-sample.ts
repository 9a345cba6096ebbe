import { readdirSync } from "node:fs";
import { parseStat } from "../base/proc-stat.ts";
import { readSmallFile as read } from "../base/small-file.ts";

/** One thread of the server. Totals since it started; null: the kernel does not let us read it. */
export interface ThreadSample {
  tid: number;
  cpuMs: number;
  /** How long it was ready to run and had no CPU (schedstat); null: the kernel does not tell. */
  waitMs: number | null;
  /** Voluntary + involuntary context switches. */
  switches: number | null;
  /** State letter and where it waits ("S|202 0x7f… …"): two equal ones with equal switches mean it did not move. */
  fingerprint: string;
  /** Its schedstat as it stands: how long it ran and waited for a CPU in ns, and how often; null: the kernel does not tell. */
  schedule: string | null;
}

/** The server's process as the kernel sees it. Sums are over all threads. */
export interface ProcessSample {
  /** Run milliseconds. */
  t: number;
  pid: number;
  /** false: gone, or a zombie. All numbers are null then. */
  alive: boolean;
  /** State letter of the main thread: R, S, D, T (stopped), … */
  state: string | null;
  cpuMs: number | null;
  switches: number | null;
  rssBytes: number | null;
  /** Bytes read and written through system calls (/proc/pid/io); null without the permission. */
  ioBytes: number | null;
  threads: readonly ThreadSample[];
}

/**
 * Reads /proc/<pid>. `alive: false` when the process is gone; null when this machine has no readable /proc.
 * Costs five small reads per thread that has run since `before`, and one per thread that has not; it never stops the process.
 * @param before the last reading of this process, where there is one. A thread that has not run since is taken as it was,
 *   even when it has been woken meanwhile and still waits for a CPU: give none where that makes a difference
 */
export function sampleProcess(
  pid: number,
  t: number,
  before: ProcessSample | null = null,
  root = "/proc",
): ProcessSample | null {
  const unknown = { state: null, cpuMs: null, switches: null, rssBytes: null, ioBytes: null, threads: [] };
  const dead = { t, pid, alive: false, ...unknown };
  const whole = read(`${root}/${pid}/stat`);
  if (whole === null) return read(`${root}/stat`) === null ? null : dead;
  const stat = parseStat(whole);
  if (!stat) return null;
  if (stat.state === "Z" || stat.state === "X") return dead;
  const known = new Map(before?.pid === pid ? before.threads.map((thread) => [thread.tid, thread]) : []);
  const threads = sampleThreads(`${root}/${pid}/task`, known);
  const switches = threads.flatMap((thread) => thread.switches ?? []);
  const rss = numberAfter(read(`${root}/${pid}/status`), "VmRSS:");
  const io = read(`${root}/${pid}/io`);
  const rchar = numberAfter(io, "rchar:");
  const wchar = numberAfter(io, "wchar:");
  return {
    t,
    pid,
    alive: true,
    state: stat.state,
    cpuMs: stat.userMs + stat.systemMs,
    switches: switches.length > 0 ? switches.reduce((sum, n) => sum + n, 0) : null,
    rssBytes: rss === null ? null : rss * 1024,
    ioBytes: rchar === null || wchar === null ? null : rchar + wchar,
    threads,
  };
}

function sampleThreads(task: string, before: ReadonlyMap<number, ThreadSample>): ThreadSample[] {
  let tids: string[];
  try {
    tids = readdirSync(task);
  } catch {
    return []; // it ended between two reads, or /proc is mounted with hidepid
  }
  const threads: ThreadSample[] = [];
  for (const tid of tids) {
    const schedule = scheduleOf(read(`${task}/${tid}/schedstat`));
    const known = before.get(Number(tid));
    // Who has not run since is as it was: most threads of a server sleep, and `status` alone costs as much as all of this.
    if (known && schedule !== null && schedule === known.schedule) {
      threads.push(known);
      continue;
    }
    const stat = parseStat(read(`${task}/${tid}/stat`) ?? "");
    if (!stat) continue;
    const status = read(`${task}/${tid}/status`);
    const voluntary = numberAfter(status, "\nvoluntary_ctxt_switches:");
    const involuntary = numberAfter(status, "\nnonvoluntary_ctxt_switches:");
    // `syscall` has the arguments and the stack pointer, but needs ptrace rights; `wchan` at least names the kernel function.
    const where = read(`${task}/${tid}/syscall`)?.trim() ?? read(`${task}/${tid}/wchan`) ?? "";
    threads.push({
      tid: Number(tid),
      cpuMs: stat.userMs + stat.systemMs,
      waitMs: waitOf(schedule),
      switches: voluntary === null || involuntary === null ? null : voluntary + involuntary,
      fingerprint: `${stat.state}|${where}`,
      schedule,
    });
  }
  return threads;
}

/** /proc/…/schedstat: nanoseconds on a CPU, nanoseconds in the queue for one, time slices. Kernels that do not count say "0 0 0". */
function scheduleOf(text: string | null): string | null {
  return text === null || text.trim() === "0 0 0" ? null : text;
}

function waitOf(schedule: string | null): number | null {
  const wait = Number(schedule?.split(" ")[1] ?? Number.NaN);
  return Number.isFinite(wait) ? wait / 1e6 : null;
}

function numberAfter(text: string | null, label: string): number | null {
  const at = text?.indexOf(label) ?? -1;
  if (text === null || at < 0) return null;
  const value = Number.parseInt(text.slice(at + label.length), 10);
  return Number.isFinite(value) ? value : null;
}
