import type { WaitEdge, WaitGraph } from "../journal/evidence-data.ts";
import type { ThreadHistory } from "./snapshots.ts";
import { syscallName } from "./syscalls.ts";

/*
 *   worker 7 ──rwlock──┐                     ┌──────────── join ────────────┐
 *   worker 8 ──rwlock──┼─► worker 1 ─────────┘                              ▼
 *   main     ──join────┘      ▲                                       master-repl 2
 *                             └────────────── rwlock ─────────────────────┘
 *      (queue)                               (cycle: a proof)
 */

/** Builds the graph; pure. `edges` must already be the stable ones (snapshots.ts). */
export function waitGraph(
  edges: readonly WaitEdge[],
  threads: readonly ThreadHistory[],
  baseline: readonly WaitEdge[] = [],
): WaitGraph {
  const known = new Set(baseline.map(keyOf));
  const usual = (edge: WaitEdge): boolean =>
    known.has(keyOf(edge)) && !(edge.to.kind === "link" && edge.to.cutBy !== null);
  const subtracted = edges.filter(usual);
  const kept = edges.filter((edge) => !usual(edge));
  const next = nextThreads(kept);
  const cycles = findCycles(nextThreads(kept.filter(({ weak }) => !weak)));
  const readerLocks = findReaderLocks(kept, threads, next);
  const linkWaits = findLinkWaits(kept, next);
  const explained = cycles.length + readerLocks.length + linkWaits.length > 0;
  const threadWaits = explained ? [] : findThreadWaits(threads, next);
  const kinds: [WaitGraph["class"], number[]][] = [
    ["proven", cycles.flat()],
    ["held-by-readers", readerLocks.flatMap((lock) => lock.waiting)],
    ["waits-on-link", linkWaits.map((wait) => wait.tid)],
    ["waits-on-thread", threadWaits.map((wait) => wait.tid)],
  ];
  const [found, ends] = kinds.find(([, tids]) => tids.length > 0) ?? ["none" as const, []];
  const queue = behind(next, ends);
  return { class: found, edges: kept, subtracted, cycles, queue, readerLocks, linkWaits, threadWaits };
}

function keyOf(edge: WaitEdge): string {
  return `${edge.from} ${edge.kind} ${edge.address}`;
}

/**
 * A blocked thread sits in one system call, so it waits for one thread, or for all readers of one lock: of those the one that matters, which
 * is in a cycle with it, or else leads to one. Waits that end by themselves prove nothing.
 */
function nextThreads(edges: readonly WaitEdge[]): Map<number, number> {
  const all = new Map<number, number[]>();
  for (const { from, to, timed } of edges)
    if (to.kind === "thread" && !timed) all.set(from, [...(all.get(from) ?? []), to.tid]);
  const next = new Map<number, number>();
  for (const [from, targets] of all) {
    const [first] = targets;
    const chosen = targets.length === 1 ? first : (onCycle(from, targets, all) ?? first);
    if (chosen !== undefined) next.set(from, chosen);
  }
  return next;
}

function onCycle(
  from: number,
  targets: readonly number[],
  next: ReadonlyMap<number, readonly number[]>,
): number | undefined {
  return (
    targets.find((tid) => reachable(tid, next).has(from)) ??
    targets.find((tid) => [...reachable(tid, next)].some((other) => isCyclic(other, next)))
  );
}

/** Itself included. */
function reachable(tid: number, next: ReadonlyMap<number, readonly number[]>): Set<number> {
  const seen = new Set([tid]);
  // What is added while it runs is visited, too.
  for (const at of seen) for (const other of next.get(at) ?? []) seen.add(other);
  return seen;
}

function isCyclic(tid: number, next: ReadonlyMap<number, readonly number[]>): boolean {
  return (next.get(tid) ?? []).some((other) => reachable(other, next).has(tid));
}

/** Each cycle once, beginning at its lowest thread id. */
function findCycles(next: ReadonlyMap<number, number>): number[][] {
  const done = new Set<number>();
  const cycles: number[][] = [];
  for (const start of next.keys()) {
    const path: number[] = [];
    let at: number | undefined = start;
    while (at !== undefined && !done.has(at)) {
      done.add(at);
      path.push(at);
      at = next.get(at);
    }
    const entry = at === undefined ? -1 : path.indexOf(at);
    if (entry >= 0) cycles.push(fromLowest(path.slice(entry)));
  }
  return cycles;
}

function fromLowest(cycle: readonly number[]): number[] {
  const at = cycle.indexOf(Math.min(...cycle));
  return [...cycle.slice(at), ...cycle.slice(0, at)];
}

/** The threads a thread waits for, one after the other, itself first. */
function chainFrom(tid: number, next: ReadonlyMap<number, number>): number[] {
  const chain: number[] = [];
  for (let at: number | undefined = tid; at !== undefined && !chain.includes(at); at = next.get(at)) chain.push(at);
  return chain;
}

function behind(next: ReadonlyMap<number, number>, ends: readonly number[]): number[] {
  const goal = new Set(ends);
  return [...next.keys()].filter((tid) => !goal.has(tid) && chainFrom(tid, next).some((other) => goal.has(other)));
}

function findReaderLocks(
  edges: readonly WaitEdge[],
  threads: readonly ThreadHistory[],
  next: ReadonlyMap<number, number>,
): WaitGraph["readerLocks"] {
  const locks = new Map<string, { readers: number; waiting: number[] }>();
  for (const { from, to, address, timed } of edges) {
    if (to.kind !== "readers" || timed) continue;
    const lock = locks.get(address) ?? { readers: to.count, waiting: [] };
    lock.waiting.push(from);
    locks.set(address, lock);
  }
  return [...locks].map(([address, { readers, waiting }]) => {
    // Suspects: asleep threads whose own wait leads to one that waits for this very lock. One of them being a reader would
    // close the circle, but nothing in memory says that it is.
    const mayHold = threads
      .filter(({ tid, asleep }) => asleep && !waiting.includes(tid))
      .filter(({ tid }) => chainFrom(tid, next).some((other) => waiting.includes(other)))
      .map(({ tid }) => tid);
    return { address, readers, waiting, mayHold };
  });
}

function findLinkWaits(edges: readonly WaitEdge[], next: ReadonlyMap<number, number>): WaitGraph["linkWaits"] {
  const waits: WaitGraph["linkWaits"] = [];
  for (const { from, to, kind } of edges) {
    if (to.kind !== "link") continue;
    const longest = chainsTo(from, next)[0] ?? [from];
    // Every healthy replica sits in an event loop that watches its master's link: only news if somebody waits for it.
    if (kind === "event-loop" && longest.length === 1) continue;
    waits.push({ tid: from, link: to.name, cutBy: to.cutBy, chain: longest });
  }
  return waits.sort((a, b) => b.chain.length - a.chain.length);
}

/** All chains that end at a thread, longest first. */
function chainsTo(end: number, next: ReadonlyMap<number, number>): number[][] {
  const chains = [...next.keys()].map((tid) => chainFrom(tid, next)).filter((chain) => chain.at(-1) === end);
  return chains.sort((a, b) => b.length - a.length);
}

/** One thread that waits for another is how programs are written: a main thread joins a worker. Two or more are a queue. */
const QUEUE = 2;

function findThreadWaits(
  threads: readonly ThreadHistory[],
  next: ReadonlyMap<number, number>,
): WaitGraph["threadWaits"] {
  const ends = [...new Set(next.values())].filter((tid) => !next.has(tid));
  return ends
    .map((tid) => ({ tid, chains: chainsTo(tid, next) }))
    .sort((a, b) => b.chains.length - a.chains.length)
    .filter(({ chains }) => chains.length >= QUEUE)
    .map(({ tid, chains }) => {
      const thread = threads.find((one) => one.tid === tid);
      const call = thread?.same && thread.syscall?.kind === "in" ? syscallName(thread.syscall.number) : null;
      return { tid, call, asleep: thread?.asleep ?? false, chain: chains[0] ?? [tid] };
    });
}
