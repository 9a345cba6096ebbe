import { messageOf } from "../base/chaos-error.ts";
import type { Clock } from "../base/clock.ts";
import { sleep } from "../base/deadline.ts";
import type { WaitEdge } from "../journal/evidence-data.ts";
import { hostProc, type ProcFiles } from "./proc-files.ts";
import {
  lockLayout,
  type Memory,
  openMemory,
  openSchedules,
  readComm,
  readLockWaits,
  readTcp,
  readThreads,
  type ThreadSnapshot,
} from "./process.ts";
import type { LinkState } from "./sockets.ts";
import { type Descriptors, NO_DESCRIPTORS, readDescriptors, waitEdges } from "./wait-edges.ts";

/** One look at a whole process. */
export interface Snapshot {
  /** When it began, on the caller's clock, ms. */
  at: number;
  threads: readonly ThreadSnapshot[];
  edges: readonly WaitEdge[];
  descriptors: Descriptors;
}

/** One thread over all snapshots. */
export interface ThreadHistory extends ThreadSnapshot {
  /** State, wchan and system call were the same in every snapshot. */
  same: boolean;
  /** It never got the CPU between the first and the last snapshot: its switch counters did not move while it was asleep. */
  asleep: boolean;
  /** CPU it used between the first and the last snapshot, ms (resolution 10). */
  cpuMs: number;
}

/** What a reader can do about files below /proc/<pid> that refuse. */
export const PRIVILEGE = "root or CAP_SYS_PTRACE is needed";

/** Three snapshots of one process, and where they come from. */
export interface ProcessSnapshots {
  /** As the files of `proc` call it. */
  pid: number;
  proc: ProcFiles;
  snapshots: Snapshot[];
  /** Why its locks cannot be read, or null. */
  why: string | null;
}

/** How many a wait must survive. Three, because the middle one lies wholly inside the time the outer two enclose. */
const SNAPSHOTS = 3;
/** ms between two of them. */
const EVERY = 100;

/** How its locks are read. */
interface OpenProcess {
  /** null: its locks cannot be read. */
  memory: Memory | null;
  /** Why not, or null. */
  why: string | null;
}

/** Its memory must be closed. */
export function openProcess(pid: number): OpenProcess {
  const layout = lockLayout(pid);
  if (!layout.supported) return { memory: null, why: layout.why };
  try {
    return { memory: openMemory(pid), why: null };
  } catch (error) {
    return { memory: null, why: `/proc/${pid}/mem is not readable (${messageOf(error)}): ${PRIVILEGE}` };
  }
}

/**
 * Looks at a process three times, with its locks where they can be read; `why` says why not.
 * @param atOnce gets three looks before, at the locks alone and without a pause: what is seen waiting in a circle there will wait
 *   for ever, however short the time was (`stableEdges` says why)
 * @throws the system's error when the process is gone or not readable
 */
export async function takeSnapshots(
  pid: number,
  links: readonly LinkState[],
  clock: Clock,
  signal: AbortSignal | undefined,
  atOnce?: (look: ProcessSnapshots) => Promise<void>,
): Promise<ProcessSnapshots> {
  const { memory, why } = openProcess(pid);
  try {
    if (atOnce && memory) {
      const schedules = openSchedules(pid);
      try {
        await atOnce({ pid, proc: hostProc, snapshots: lookAtLocks(pid, memory, clock, schedules), why });
      } finally {
        schedules.close();
      }
    }
    const tcp = readTcp(pid);
    const snapshots: Snapshot[] = [];
    await threeLooks(EVERY, clock, signal, (at, number) => {
      const threads = readThreads(pid, number === 0);
      const descriptors = readDescriptors(pid, links, hostProc, tcp);
      snapshots.push({ at, threads, edges: waitEdges(threads, memory, descriptors), descriptors });
    });
    return { pid, proc: hostProc, snapshots, why };
  } finally {
    memory?.close();
  }
}

/** @param every ms between two looks; the middle one must lie wholly inside the time that the outer two enclose */
export async function threeLooks(
  every: number,
  clock: Clock,
  signal: AbortSignal | undefined,
  look: (at: number, number: number) => void,
): Promise<void> {
  const begun = clock.now();
  for (let i = 0; i < SNAPSHOTS; i++) {
    await sleep(begun + i * every - clock.now(), signal);
    look(clock.now(), i);
  }
}

/**
 * Three looks at the locks alone, of the threads that do not run from before the first until after the last: their counters only grow, so
 * two readings are enough.
 */
function lookAtLocks(
  pid: number,
  memory: Memory,
  clock: Clock,
  schedules: ReturnType<typeof openSchedules>,
): Snapshot[] {
  const before = schedules.read();
  const first = readLockWaits(pid, before.keys());
  const looks = Array.from({ length: SNAPSHOTS }, () => {
    return { at: clock.now(), edges: waitEdges(first, memory, NO_DESCRIPTORS), descriptors: NO_DESCRIPTORS };
  });
  const after = schedules.read();
  const threads = first.filter(({ tid }) => before.get(tid) === after.get(tid));
  return looks.map((look) => ({ ...look, threads }));
}

/** Names of threads; those that no snapshot has are read when they are asked for. */
export function commsOf({ pid, proc, snapshots }: ProcessSnapshots): (tid: number) => string {
  const known = new Map(snapshots.flatMap(({ threads }) => threads.map(({ tid, comm }) => [tid, comm])));
  return (tid) => known.get(tid) || readComm(pid, tid, proc);
}

/** The threads that were there in every snapshot, as the last one saw them. */
export function threadHistories(snapshots: readonly Snapshot[]): ThreadHistory[] {
  const seen = snapshots.map((snapshot) => new Map(snapshot.threads.map((thread) => [thread.tid, thread])));
  const histories: ThreadHistory[] = [];
  for (const last of snapshots.at(-1)?.threads ?? []) {
    const past = seen.map((threads) => threads.get(last.tid));
    const [first] = past;
    if (!first || past.some((thread) => thread === undefined)) continue;
    // Of looks at the locks alone it is one object.
    const same = past.every((thread) => thread === last || doing(thread) === doing(last));
    const ran = last.voluntary !== first.voluntary || last.involuntary !== first.involuntary;
    histories.push({
      ...last,
      stack: first.stack,
      same,
      asleep: same && !ran && last.syscall?.kind === "in",
      cpuMs: last.userMs + last.systemMs - first.userMs - first.systemMs,
    });
  }
  return histories;
}

function doing(thread: ThreadSnapshot | undefined): string {
  return JSON.stringify([thread?.state, thread?.wchan, thread?.syscall]);
}

/**
 * The edges that were there in every snapshot, of threads that slept all the time.
 *
 * Why that is a proof and no snapshot effect: such a thread was blocked from before the middle snapshot began until after it
 * ended. What the middle snapshot read (who waits for what, who owns it) was therefore true of all of them at one moment, and
 * an owner that is itself asleep cannot have let go in between. Under contention the counters move, and the edge is dropped.
 */
export function stableEdges(snapshots: readonly Snapshot[], threads: readonly ThreadHistory[]): WaitEdge[] {
  const asleep = new Set(threads.filter((thread) => thread.asleep).map((thread) => thread.tid));
  const kept = snapshots.map((snapshot) => new Set(snapshot.edges.map(identity)));
  return (snapshots.at(-1)?.edges ?? []).filter((edge) => {
    const one = identity(edge);
    return asleep.has(edge.from) && kept.every((snapshot) => snapshot.has(one));
  });
}

/** Everything but the number of readers: some may still come and go while a writer waits. */
function identity({ from, kind, address, to }: WaitEdge): string {
  const whom = to.kind === "thread" ? to.tid : to.kind === "readers" ? "readers" : JSON.stringify(to);
  return `${from} ${kind} ${address} ${whom}`;
}
