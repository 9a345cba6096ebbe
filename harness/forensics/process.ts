import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { messageOf } from "../base/chaos-error.ts";
import { printable } from "../base/escape.ts";
import { parseStat } from "../base/proc-stat.ts";
import { hostProc, type ProcFiles } from "./proc-files.ts";
import {
  findCLibrary,
  innerId,
  parseCmdline,
  parseLimits,
  parseMemory,
  parseStatus,
  parseSyscall,
  type Syscall,
} from "./proc-text.ts";
import { parseNetTcp, type TcpSocket } from "./sockets.ts";

/** One thread at one moment. Times in ms since the thread began. */
export interface ThreadSnapshot {
  tid: number;
  /** Its id inside the process's own PID namespace; equals `tid` outside containers. */
  nsTid: number;
  comm: string;
  state: string;
  userMs: number;
  systemMs: number;
  voluntary: number;
  involuntary: number;
  /** Kernel function it sleeps in; null where the kernel does not tell. */
  wchan: string | null;
  /** null: not readable (needs root or CAP_SYS_PTRACE). */
  syscall: Syscall | null;
  /** Kernel stack, null where the kernel does not tell. */
  stack: string[] | null;
}

/**
 * Every thread of a process, in order of id. The switch counters are read *before* the system call: a thread whose counters
 * are the same in a later snapshot has not run since, so what the system call said was true in the whole time between.
 * Synchronous on purpose: 100 threads take ~10 ms, and a snapshot that is spread over the event loop is no snapshot.
 * @throws the system's error (ENOENT, EACCES) when the process cannot be listed
 */
export function readThreads(pid: number, withStack = false, proc: ProcFiles = hostProc): ThreadSnapshot[] {
  const threads: ThreadSnapshot[] = [];
  for (const name of proc.list(`/proc/${pid}/task`)) {
    const base = `/proc/${pid}/task/${name}`;
    const status = proc.text(`${base}/status`);
    const stat = parseStat(proc.text(`${base}/stat`) ?? "");
    if (status === null || stat === null) continue; // it ended meanwhile
    const { nsTid, voluntary, involuntary } = parseStatus(status);
    const wchan = proc.text(`${base}/wchan`);
    const syscall = proc.text(`${base}/syscall`);
    const stack = withStack ? proc.text(`${base}/stack`) : null;
    const { comm, state, userMs, systemMs } = stat;
    threads.push({
      tid: Number(name),
      nsTid: nsTid ?? Number(name),
      comm,
      state,
      userMs,
      systemMs,
      voluntary,
      involuntary,
      wchan: wchan === null || wchan === "0" || wchan === "" ? null : wchan,
      syscall: syscall === null ? null : parseSyscall(syscall),
      stack: stack === null ? null : printableLines(stack),
    });
  }
  return threads.sort((a, b) => a.tid - b.tid);
}

const LOCKS_ALONE = {
  ...{ comm: "", state: "", wchan: null, stack: null },
  ...{ userMs: 0, systemMs: 0, voluntary: 0, involuntary: 0 },
};

/**
 * The same of this machine as far as locks are concerned, from fewer files: `comm`, `state` and `wchan` are not read, and all counters
 * are 0. Only ids of a process in a namespace of its own need to be translated.
 */
export function readLockWaits(pid: number, tids: Iterable<number>): ThreadSnapshot[] {
  const nested = !/^NSpid:\s*\d+[ \t]*$/m.test(hostProc.text(`/proc/${pid}/status`) ?? "");
  return [...tids].flatMap((tid) => {
    const base = `/proc/${pid}/task/${tid}`;
    const syscall = hostProc.text(`${base}/syscall`);
    const status = nested ? hostProc.text(`${base}/status`) : "";
    if (syscall === null || status === null) return [];
    const nsTid = nested ? (innerId(status) ?? tid) : tid;
    return [{ ...LOCKS_ALONE, tid, nsTid, syscall: parseSyscall(syscall) }];
  });
}

export function readComm(pid: number, tid: number, proc: ProcFiles): string {
  return printable((proc.text(`/proc/${pid}/task/${tid}/comm`) ?? "thread").replace(/\n$/, ""));
}

/**
 * The schedstat of each thread: how long it ran, waited for a CPU, and how often it got one. A thread of which it is the same later has not
 * run since. Threads are left out where the kernel does not count. The files stay open: reading one again costs a seventh.
 */
export function openSchedules(pid: number): { read(): Map<number, string>; close(): void } {
  const files = new Map<number, number>();
  const bytes = Buffer.alloc(128);
  const read = (file: number): string | null => {
    try {
      return bytes.toString("latin1", 0, readSync(file, bytes, 0, bytes.length, 0));
    } catch {
      return null; // it ended
    }
  };
  for (const name of hostProc.list(`/proc/${pid}/task`)) {
    try {
      files.set(Number(name), openSync(`/proc/${pid}/task/${name}/schedstat`, "r"));
    } catch {
      // It ended, or so many files cannot be open: nothing is said of it.
    }
  }
  return {
    read() {
      const schedules = new Map<number, string>();
      for (const [tid, file] of files) {
        const text = read(file);
        if (text !== null && text.trim() !== "0 0 0") schedules.set(tid, text);
      }
      return schedules;
    },
    close: () => files.forEach((file) => void closeSync(file)),
  };
}

function printableLines(text: string): string[] {
  return text.split("\n").filter(Boolean).map(printable);
}

/** Reads words of another process's memory without stopping it. */
export interface Memory {
  /** `count` unsigned 32-bit little-endian words from `address`, or null where nothing is mapped. */
  words(address: number, count: number): number[] | null;
  close(): void;
}

/** @throws the system's error (EACCES, EPERM) when the memory may not be read: needs root or CAP_SYS_PTRACE */
export function openMemory(pid: number): Memory {
  const fd = openSync(`/proc/${pid}/mem`, "r");
  return {
    words(address, count) {
      // Above 2^47 there is no user space on x86-64; numbers up to there are exact.
      if (!Number.isSafeInteger(address) || address <= 0 || address > 2 ** 47) return null;
      const bytes = Buffer.alloc(count * 4);
      try {
        if (readSync(fd, bytes, 0, bytes.length, address) !== bytes.length) return null;
      } catch {
        return null;
      }
      return Array.from({ length: count }, (_, i) => bytes.readUInt32LE(i * 4));
    },
    close: () => closeSync(fd),
  };
}

/** Whether the locks of this process can be read, i.e. whether their layout in memory is known here. */
export type LockLayout = { supported: true; library: string } | { supported: false; why: string };

const EM_X86_64 = 62;

/**
 * The layouts of futex.ts are those of glibc ≥ 2.25 on x86-64 (2.25 brought today's rwlocks and condition variables).
 * Anything else is named and left alone.
 */
export function lockLayout(pid: number): LockLayout {
  try {
    const program = { header: readHead(`/proc/${pid}/exe`, 20), maps: readFileSync(`/proc/${pid}/maps`, "latin1") };
    return lockLayoutOf(program, (path) => bannerOf(`/proc/${pid}/root${path}`));
  } catch (error) {
    return { supported: false, why: `unsupported: the program could not be inspected: ${messageOf(error)}` };
  }
}

/** By the files' identities: looking through one takes more than a millisecond, and servers have the same. */
const banners = new Map<string, string>();

function bannerOf(library: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(library, { bigint: true });
  const identity = `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  const known = banners.get(identity);
  if (known !== undefined) return known;
  const bytes = readFileSync(library);
  const at = bytes.indexOf("GNU C Library");
  const banner = at < 0 ? "" : bytes.toString("latin1", at, at + 200);
  banners.set(identity, banner);
  return banner;
}

/**
 * @param program.header the first 20 bytes of its file
 * @param banner a text of the C library at this path that holds its "release version"
 */
export function lockLayoutOf(program: { header: Buffer; maps: string }, banner: (path: string) => string): LockLayout {
  const { header, maps } = program;
  if (header.length < 20) return { supported: false, why: "unsupported: the program's file is not readable" };
  if (header[4] !== 2 || header.readUInt16LE(18) !== EM_X86_64)
    return { supported: false, why: `unsupported: not an x86-64 program (ELF machine ${header.readUInt16LE(18)})` };
  const library = findCLibrary(maps);
  if (!library) return { supported: false, why: "unsupported: no C library is mapped (statically linked program)" };
  if (library.family === "musl") return { supported: false, why: "unsupported: musl libc keeps no owner in its locks" };
  const version = /release version (\d+)\.(\d+)/.exec(banner(library.path));
  if (!version)
    return { supported: false, why: `unsupported: ${printable(library.path)} does not tell its glibc version` };
  const [, major, minor] = version.map(Number);
  const name = `glibc ${major}.${minor}`;
  return major === 2 && (minor ?? 0) >= 25
    ? { supported: true, library: name }
    : { supported: false, why: `unsupported: ${name} (2.25 or later 2.x is needed)` };
}

function readHead(path: string, length: number): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(length);
    readSync(fd, bytes, 0, length, 0);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

export interface ProcessFacts {
  pid: number;
  exe: string | null;
  cmdline: string[];
  memory: Record<string, string>;
  limits: Record<string, string>;
}

export function readProcess(pid: number, proc: ProcFiles = hostProc): ProcessFacts {
  const base = `/proc/${pid}`;
  return {
    pid,
    exe: linkTarget(`${base}/exe`, proc),
    cmdline: parseCmdline(proc.text(`${base}/cmdline`) ?? ""),
    memory: parseMemory(proc.text(`${base}/status`) ?? ""),
    limits: parseLimits(proc.text(`${base}/limits`) ?? ""),
  };
}

/** Descriptor → what it is ("socket:[123]", "/var/lib/…"); empty when the table is not readable. */
export function readFds(pid: number, proc: ProcFiles = hostProc): Map<number, string> {
  const fds = new Map<number, string>();
  try {
    for (const name of proc.list(`/proc/${pid}/fd`)) {
      const target = linkTarget(`/proc/${pid}/fd/${name}`, proc);
      if (target !== null) fds.set(Number(name), target);
    }
  } catch {
    return fds; // gone, or not ours: the caller reports a process that cannot be read by its threads
  }
  return fds;
}

/** TCP sockets of the process's network namespace, IPv4 and IPv6. */
export function readTcp(pid: number, proc: ProcFiles = hostProc): TcpSocket[] {
  return ["tcp", "tcp6"].flatMap((table) => parseNetTcp(proc.text(`/proc/${pid}/net/${table}`) ?? ""));
}

export function readFdinfo(pid: number, fd: number, proc: ProcFiles = hostProc): string {
  return proc.text(`/proc/${pid}/fdinfo/${fd}`) ?? "";
}

/** Ticks after boot at which the process began, or null when it is gone: with the pid, its identity. */
export function startTicks(pid: number, proc: ProcFiles = hostProc): number | null {
  return parseStat(proc.text(`/proc/${pid}/stat`) ?? "")?.startTicks ?? null;
}

/** State letter and attached debugger of a process; null when it is gone. */
export function processState(pid: number): { state: string; tracer: number } | null {
  const stat = parseStat(hostProc.text(`/proc/${pid}/stat`) ?? "");
  const status = hostProc.text(`/proc/${pid}/status`);
  return stat && status !== null ? { state: stat.state, tracer: parseStatus(status).tracer } : null;
}

/** True when the container's processes are frozen (`docker pause`): cgroup v1 freezer or v2 cgroup.freeze. */
export function isFrozen(pid: number): boolean {
  for (const line of (hostProc.text(`/proc/${pid}/cgroup`) ?? "").split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (controllers === "freezer")
      if ((hostProc.text(`/sys/fs/cgroup/freezer${path}/freezer.state`) ?? "THAWED").trim() !== "THAWED") return true;
    if (controllers === "" && (hostProc.text(`/sys/fs/cgroup${path}/cgroup.freeze`) ?? "0").trim() === "1") return true;
  }
  return false;
}

/** Where a symbolic link of /proc leads; null when it may not be read. */
export function linkTarget(path: string, proc: ProcFiles = hostProc): string | null {
  const target = proc.link(path);
  return target === null ? null : printable(target);
}
