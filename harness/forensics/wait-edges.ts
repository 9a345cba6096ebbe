import type { WaitEdge } from "../journal/evidence-data.ts";
import { explainFutex, FUTEX_PRIVATE } from "./futex.ts";
import { hostProc, type ProcFiles } from "./proc-files.ts";
import { parseEpollTargets } from "./proc-text.ts";
import { type Memory, readFdinfo, readFds, readTcp, type ThreadSnapshot } from "./process.ts";
import { type LinkState, type OpenSocket, openSockets, socketInode, type TcpSocket } from "./sockets.ts";
import { EPOLLS, FUTEX, POLLS, syscallName, WAITS_ON_FD } from "./syscalls.ts";

/** What a process has open at one moment, for edges that end in the network. */
export interface Descriptors {
  fds: ReadonlyMap<number, string>;
  sockets: readonly OpenSocket[];
  /** Descriptors that an epoll instance watches. */
  epollTargets(fd: number): readonly number[];
}

/** For who asks about locks alone. */
export const NO_DESCRIPTORS: Descriptors = { fds: new Map(), sockets: [], epollTargets: () => [] };

/** @param tcp the sockets of its network namespace: the kernel takes tens of milliseconds to tell them, and a socket's number tells it from later ones */
export function readDescriptors(
  pid: number,
  links: readonly LinkState[],
  proc: ProcFiles = hostProc,
  tcp: readonly TcpSocket[] = readTcp(pid, proc),
): Descriptors {
  const fds = readFds(pid, proc);
  return {
    fds,
    sockets: openSockets(fds, tcp, links),
    epollTargets: (fd) => parseEpollTargets(readFdinfo(pid, fd, proc)),
  };
}

/** More descriptors than this in one poll() make it an event loop, which waits for nobody in particular. */
const POLL_MAX = 8;

/** Threads by their ids in the PID namespace of the process that waits. */
type ThreadIds = ReadonlyMap<number, number>;

/**
 * The edges of one snapshot of threads: whom each blocked thread waits for, as far as its lock or socket tells.
 * No edge: idle threads, condition variables, semaphores, whatever is not understood.
 * @param family threads of all processes with which this one may share memory: they may hold its locks that processes share
 */
export function waitEdges(
  threads: readonly ThreadSnapshot[],
  memory: Pick<Memory, "words"> | null,
  descriptors: Descriptors,
  family: ThreadIds = new Map(),
): WaitEdge[] {
  const own = new Map(threads.map((thread) => [thread.nsTid, thread.tid]));
  const locks = memory && explainer(memory, own, family);
  const edges: WaitEdge[] = [];
  for (const { tid, syscall } of threads) {
    if (syscall?.kind !== "in") continue;
    const { number, args } = syscall;
    if (number === FUTEX && locks) {
      const edge = locks(args);
      if (edge) edges.push({ from: tid, ...edge });
    } else edges.push(...socketEdges(tid, number, args, memory, descriptors));
  }
  return edges;
}

type Waited = Omit<WaitEdge, "from"> | null;

/** Explains each call once: hundreds of threads may wait for one lock in the same way. */
function explainer(
  memory: Pick<Memory, "words">,
  own: ThreadIds,
  family: ThreadIds,
): (args: readonly number[]) => Waited {
  const words = remembering(memory);
  const known = new Map<string, Waited>();
  return (args) => {
    const [address, operation, value, timeout] = args;
    const call = `${address} ${operation} ${value} ${timeout}`;
    const before = known.get(call);
    if (before !== undefined) return before;
    const waited = lockWait(args, words, own) ?? sharedLockWait(args, words, family);
    known.set(call, waited);
    return waited;
  };
}

/** Reads each place once: different calls may be about one lock. */
function remembering(memory: Pick<Memory, "words">): Memory["words"] {
  const read = new Map<string, number[] | null>();
  return (address, count) => {
    const place = `${address} ${count}`;
    const known = read.get(place);
    if (known !== undefined) return known;
    const words = memory.words(address, count);
    read.set(place, words);
    return words;
  };
}

/** A lock in memory that processes share: only such a one has a holder elsewhere. The end of a thread is a matter of its own process. */
function sharedLockWait(args: readonly number[], words: Memory["words"], family: ThreadIds): Waited {
  if (family.size === 0 || ((args[1] ?? 0) & FUTEX_PRIVATE) !== 0) return null;
  const waited = lockWait(args, words, family);
  return waited?.kind === "join" ? null : waited;
}

function lockWait(args: readonly number[], words: Memory["words"], hostTid: ThreadIds): Waited {
  const wait = explainFutex(args, words, (id) => hostTid.has(id));
  if (wait.kind === "ownerless") return null;
  const kind = wait.kind === "rwlock" ? (`rwlock-${wait.want}` as const) : wait.kind;
  const edge = { kind, address: hex(wait.address), timed: wait.timed, call: "futex" };
  const tid = wait.owner === null ? undefined : hostTid.get(wait.owner);
  if (tid !== undefined) return { ...edge, to: { kind: "thread", tid } };
  if (wait.kind === "rwlock" && wait.readers > 0) return { ...edge, to: { kind: "readers", count: wait.readers } };
  return null;
}

function socketEdges(
  from: number,
  number: number,
  args: readonly number[],
  memory: Pick<Memory, "words"> | null,
  descriptors: Descriptors,
): WaitEdge[] {
  const call = syscallName(number);
  const [fd = -1, count = 0, timeout = 0] = args;
  if (WAITS_ON_FD.has(number)) return edgesTo([fd], "socket", false);
  if (POLLS.has(number) && memory && count >= 1 && count <= POLL_MAX) {
    const polled = memory.words(fd, count * 2) ?? [];
    const fds = Array.from({ length: polled.length / 2 }, (_, i) => polled[i * 2] ?? -1);
    // poll(): milliseconds as an int, -1 for ever (sign-extended or not); ppoll(): a pointer, null for ever.
    const forEver = number === 7 ? timeout >= 0x80000000 : timeout === 0;
    return edgesTo(fds, "socket", !forEver);
  }
  // A loop is only of interest where it watches a link: that is what a thread that is joined may be waiting for.
  if (EPOLLS.has(number))
    return edgesTo(descriptors.epollTargets(fd), "event-loop", false).filter((edge) => edge.to.kind === "link");
  return [];

  function edgesTo(fds: readonly number[], kind: "socket" | "event-loop", timed: boolean): WaitEdge[] {
    return descriptors.sockets
      .filter((socket) => fds.includes(socket.fd) && socket.state !== "LISTEN")
      .map((socket) => {
        const peer = `${socket.peer.host}:${socket.peer.port}`;
        const to: WaitEdge["to"] = socket.link ? { kind: "link", ...socket.link, peer } : { kind: "peer", peer };
        return { from, kind, address: `fd ${socket.fd} (socket ${socket.inode})`, to, timed, call };
      });
  }
}

/** How a wait is told that names no holder: idle threads of a pool look like this. */
export const OWNERLESS_WAIT = "futex without an owner (condition variable, semaphore, …)";

/** What a thread is doing, in the words of the report; `edges`: its own. `name` turns a thread id into "worker 123". */
export function describeWait(
  thread: ThreadSnapshot,
  edges: readonly WaitEdge[],
  fds: ReadonlyMap<number, string>,
  name: (tid: number) => string,
): string {
  const [edge] = edges;
  if (edge) return edges.length === 1 ? describeEdge(edge, name) : edges.map((e) => describeEdge(e, name)).join("; ");
  const { syscall } = thread;
  if (!syscall) return "unknown: its system call is not readable";
  if (syscall.kind === "running") return "running";
  if (syscall.kind === "outside") return "blocked outside a system call";
  const [first = -1] = syscall.args;
  if (syscall.number === FUTEX) return OWNERLESS_WAIT;
  const call = syscallName(syscall.number);
  if (EPOLLS.has(syscall.number)) return `${call} (event loop)`;
  if (!WAITS_ON_FD.has(syscall.number)) return call;
  const target = fds.get(first);
  const what = target === undefined ? "a descriptor" : socketInode(target) === null ? target : "a local socket";
  return `${call} on ${what.replace(/\[\d+\]$/, "")}`;
}

export function describeEdge(edge: WaitEdge, name: (tid: number) => string): string {
  const { to } = edge;
  const limit = edge.timed ? ", with a time limit" : "";
  if (to.kind === "link" || to.kind === "peer") {
    const where =
      to.kind === "peer" ? to.peer : `link ${to.name}${to.cutBy === null ? "" : `, cut by fault ${to.cutBy}`}`;
    return `${edge.call} on ${where}${limit}`;
  }
  if (edge.kind === "told") return `${edge.address}, held up by ${to.kind === "thread" ? name(to.tid) : "others"}`;
  const holder = to.kind === "readers" ? `${to.count} ${to.count === 1 ? "reader" : "readers"}` : name(to.tid);
  if (edge.kind === "join") return `the end of ${holder} (join)${limit}`;
  if (edge.kind === "child") return `the end of its child ${holder} (${edge.call})`;
  if (edge.kind === "file-lock") return `file lock ${edge.address}, taken by ${holder}`;
  if (edge.kind === "mutex")
    return `mutex ${edge.address}, held by ${to.kind === "thread" && to.tid === edge.from ? "itself" : holder}${limit}`;
  const want = edge.kind === "rwlock-write" ? "writer" : "reader";
  return `rwlock ${edge.address} as ${want}, held by ${holder}${to.kind === "thread" ? ` as ${edge.reader ? "reader" : "writer"}` : ""}${limit}`;
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
