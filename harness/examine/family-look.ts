import type { Clock } from "../base/clock.ts";
import { groupBy } from "../base/group-by.ts";
import { hostProc } from "../forensics/proc-files.ts";
import { linkTarget, readTcp, readThreads } from "../forensics/process.ts";
import { openProcess, type Snapshot, stableEdges, threadHistories, threeLooks } from "../forensics/snapshots.ts";
import type { TcpSocket } from "../forensics/sockets.ts";
import { type Descriptors, readDescriptors, waitEdges } from "../forensics/wait-edges.ts";
import type { WaitEdge } from "../journal/evidence-data.ts";
import { childWaits } from "./child-waits.ts";
import { restTimes } from "./last-ran.ts";

/** What three looks at a family saw. */
export interface FamilyLook {
  threads: FamilyThread[];
  /** What every look saw, of threads that slept all the time: what proofs are made of. */
  stable: WaitEdge[];
  /** What the last look saw. */
  edges: readonly WaitEdge[];
  /** By process. */
  descriptors: ReadonlyMap<number, { first: Descriptors; last: Descriptors }>;
  /** Why the locks of a process cannot be read. */
  unread: ReadonlyMap<number, string>;
  /** Threads that were in one state in all looks and did not run from the first to the last, whether their calls could be read or not. */
  still: ReadonlySet<number>;
  /** ms between the first look and the last. */
  window: number;
}

export type FamilyThread = ReturnType<typeof threadHistories>[number] & { pid: number; restedFor: number | null };

/** ms between two looks: the first and the last are a second apart. */
const EVERY = 500;

/**
 * Looks at all processes of a family three times, with their locks where they can be read. A holder may be in another process only where the
 * lock lies in memory that processes share. Does not stop any of them.
 * @returns without processes that ended meanwhile, or that cannot be listed
 */
export async function lookAtFamily(
  pids: readonly number[],
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<FamilyLook> {
  const opened = pids.map((pid) => ({ pid, namespace: linkTarget(`/proc/${pid}/ns/pid`), ...openProcess(pid) }));
  const tables = new Map<string, readonly TcpSocket[]>();
  const tcpOf = (pid: number): readonly TcpSocket[] => {
    const net = linkTarget(`/proc/${pid}/ns/net`) ?? String(pid);
    const known = tables.get(net) ?? readTcp(pid);
    tables.set(net, known);
    return known;
  };
  const snapshots: Snapshot[] = [];
  const owner = new Map<number, number>();
  const descriptors = new Map<number, { first: Descriptors; last: Descriptors }>();
  try {
    await threeLooks(EVERY, clock, signal, (at, number) => {
      tables.clear();
      const seen = opened.flatMap(({ pid, ...process }) => {
        const threads = threadsOf(pid, number === 0);
        for (const { tid } of threads) owner.set(tid, pid);
        return threads.length === 0 ? [] : [{ pid, ...process, threads }];
      });
      const families = new Map(
        [...groupBy(seen, ({ namespace }) => namespace ?? "")].map(([namespace, members]) => {
          const ids = members.flatMap(({ threads }) => threads.map(({ nsTid, tid }) => [nsTid, tid] as const));
          // Whose namespace cannot be read shares nothing with others.
          return [namespace, new Map(namespace === "" ? [] : ids)];
        }),
      );
      const edges = seen.flatMap(({ pid, namespace, threads, memory }) => {
        const now = readDescriptors(pid, [], hostProc, tcpOf(pid));
        descriptors.set(pid, { first: descriptors.get(pid)?.first ?? now, last: now });
        return waitEdges(threads, memory, now, families.get(namespace ?? ""));
      });
      snapshots.push({
        at,
        threads: seen.flatMap(({ threads }) => threads),
        edges: [...edges, ...childWaits(seen)],
        descriptors: { fds: new Map(), sockets: [], epollTargets: () => [] },
      });
    });
  } finally {
    for (const { memory } of opened) memory?.close();
  }
  const histories = threadHistories(snapshots);
  const still = stillThreads(snapshots);
  const owned = histories.map((thread) => ({ ...thread, pid: owner.get(thread.tid) ?? 0 }));
  const rested = restTimes(owned);
  const unread = new Map(opened.flatMap(({ pid, why }) => (why === null ? [] : [[pid, why] as const])));
  const [first, last] = [snapshots[0], snapshots.at(-1)];
  const window = Math.round((last?.at ?? 0) - (first?.at ?? 0));
  // Who was asleep all the time has at least rested for so long.
  const restOf = ({ tid, asleep }: (typeof owned)[number]): number | null => {
    const told = rested.get(tid);
    return told === undefined ? (asleep ? window : null) : Math.max(told, asleep ? window : 0);
  };
  return {
    threads: owned.map((thread) => {
      return {
        ...thread,
        restedFor: restOf(thread),
        asleep: thread.asleep || (thread.syscall === null && still.has(thread.tid)),
      };
    }),
    still,
    stable: stableEdges(snapshots, histories),
    edges: last?.edges ?? [],
    descriptors,
    unread,
    window,
  };
}

function stillThreads(snapshots: readonly Snapshot[]): Set<number> {
  const [first, ...later] = snapshots.map(({ threads }) => new Map(threads.map((thread) => [thread.tid, thread])));
  const seen = [...(first ?? [])].filter(([tid, { state, voluntary, involuntary }]) =>
    later.every((look) => {
      const now = look.get(tid);
      return now?.state === state && now.voluntary === voluntary && now.involuntary === involuntary && state !== "R";
    }),
  );
  return new Set(seen.map(([tid]) => tid));
}

function threadsOf(pid: number, withStack: boolean) {
  try {
    return readThreads(pid, withStack);
  } catch {
    return []; // It has ended.
  }
}
