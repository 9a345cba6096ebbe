import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** How a server's connections lie on its threads at one moment. */
export interface WorkerView {
  /** The worker threads. `epoll`: descriptor of the epoll instance that it waits on; null: it ran when we looked. */
  threads: readonly { tid: number; comm: string; epoll: number | null }[];
  /** Epoll descriptor → the descriptors that it watches. */
  epolls: ReadonlyMap<number, ReadonlySet<number>>;
}

/** System calls that wait on an epoll instance, their first argument: asm/unistd.h of x86-64 and arm64. */
const EPOLL_WAITS: Readonly<Record<string, ReadonlySet<number>>> = {
  x64: new Set([232, 281, 441]),
  arm64: new Set([22, 441]),
};

/**
 * Reads from /proc which connections each thread of a process serves: thread → epoll instance it waits on → watched
 * descriptors (`tfd:` lines of /proc/<pid>/fdinfo, proc(5)). Does not stop the process. Needs root or CAP_SYS_PTRACE.
 * @param comm which threads are workers
 * @returns `why` it could not be read
 */
export function readWorkers(pid: number, comm: RegExp, root = "/proc"): WorkerView | { why: string } {
  const base = `${root}/${pid}`;
  let tids: string[];
  let descriptors: string[];
  try {
    tids = readdirSync(`${base}/task`);
    descriptors = readdirSync(`${base}/fd`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return { why: code === "ENOENT" ? "its process is gone" : `/proc/${pid} is not readable (${code})` };
  }
  const epolls = new Map<number, ReadonlySet<number>>();
  for (const fd of descriptors) {
    if (linkOf(`${base}/fd/${fd}`) !== "anon_inode:[eventpoll]") continue;
    const watched = [...textOf(`${base}/fdinfo/${fd}`).matchAll(/^tfd:\s*(\d+)/gm)].map((match) => Number(match[1]));
    epolls.set(Number(fd), new Set(watched));
  }
  const named = tids.map((tid) => ({ tid: Number(tid), comm: textOf(`${base}/task/${tid}/comm`).trim() }));
  const workers = named.filter((thread) => comm.test(thread.comm));
  const threads = workers.map((thread) => ({ ...thread, epoll: waitsOn(`${base}/task/${thread.tid}`) }));
  return { threads, epolls };
}

/** "232 0x9 0x7f… …" → 9 */
function waitsOn(task: string): number | null {
  const [number, first] = textOf(`${task}/syscall`).split(" ");
  const waits = EPOLL_WAITS[process.arch]?.has(Number(number)) ?? false;
  return waits && first !== undefined ? Number(first) : null;
}

/** "": gone, or not permitted. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
