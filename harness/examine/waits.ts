import { clip } from "../base/shorten.ts";
import { hostProc } from "../forensics/proc-files.ts";
import { readComm } from "../forensics/process.ts";
import { parkedMains } from "../forensics/wait-baseline.ts";
import { waitGraph } from "../forensics/wait-graph.ts";
import type { ThreadName } from "../forensics/wait-graph-text.ts";
import type { WaitEdge, WaitGraph } from "../journal/evidence-data.ts";
import type { FamilyLook } from "./family-look.ts";

export interface Waits {
  /** null: no lock could be read, so that "no cycle" would be a guess. */
  graph: WaitGraph | null;
  threadName: ThreadName;
  /** The name of a thread alone. */
  comms(tid: number): string;
}

const LONGEST_NAME = 48;

/**
 * Who waits for whom in a family.
 * @param titles what its processes call themselves; null: they are told by the names of their threads
 * @param told what the servers themselves say
 */
export function waitsOf(
  { threads, stable, unread }: Pick<FamilyLook, "threads" | "stable" | "unread">,
  { titles, told }: { titles: ReadonlyMap<number, string | null>; told: readonly WaitEdge[] },
): Waits {
  const byTid = new Map(threads.map((thread) => [thread.tid, thread]));
  const comms = (tid: number): string => {
    const thread = byTid.get(tid);
    if (!thread) return readComm(tid, tid, hostProc);
    const title = tid === thread.pid ? titles.get(thread.pid) : undefined;
    return clip(title ?? thread.comm, LONGEST_NAME);
  };
  const size = new Map<number, number>();
  for (const { pid } of threads) size.set(pid, (size.get(pid) ?? 0) + 1);
  const parked = parkedMains(stable, (tid) => (size.get(tid) ?? 0) > 1);
  const asleep = new Set(threads.filter((thread) => thread.asleep).map(({ tid }) => tid));
  const seen = waitGraph([...stable, ...told.filter(({ from }) => asleep.has(from))], threads, parked);
  const graph: WaitGraph = {
    ...seen,
    // A shell that waits for a shell that waits for a server is how servers are started.
    class: seen.class === "waits-on-thread" && isChildrenOnly(seen) ? "none" : seen.class,
    threadWaits: [...seen.threadWaits, ...childChains(seen)],
  };
  const locksSeen = [...size.keys()].some((pid) => !unread.has(pid));
  const known = locksSeen && threads.some(({ syscall }) => syscall !== null);
  const says = graph.class !== "none" || graph.edges.length > 0;
  return { graph: known || says ? graph : null, threadName: (tid) => `${comms(tid)} ${tid}`, comms };
}

function isChildrenOnly({ edges, threadWaits }: WaitGraph): boolean {
  const waiting = new Set(threadWaits.flatMap(({ chain }) => chain.slice(0, -1)));
  return edges.every(({ from, kind }) => kind === "child" || !waiting.has(from));
}

/** One process that waits for another's end is not much; it is still what an operator wants to see drawn. */
function childChains({ edges, threadWaits, cycles }: WaitGraph): WaitGraph["threadWaits"] {
  if (threadWaits.length > 0 || cycles.length > 0) return [];
  const next = new Map(
    edges.flatMap(({ from, kind, to }) =>
      (kind === "child" || kind === "told") && to.kind === "thread" ? [[from, to.tid] as const] : [],
    ),
  );
  const awaited = new Set(next.values());
  return [...next.keys()]
    .filter((tid) => !awaited.has(tid))
    .map((tid) => {
      const chain = [tid];
      for (let at = next.get(tid); at !== undefined && !chain.includes(at); at = next.get(at)) chain.push(at);
      return { tid: chain.at(-1) ?? tid, call: null, asleep: true, chain };
    });
}
