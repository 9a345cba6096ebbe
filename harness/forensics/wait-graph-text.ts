import { countEach } from "../base/count-each.ts";
import type { WaitEdge, WaitGraph } from "../journal/evidence-data.ts";
import type { ThreadHistory } from "./snapshots.ts";
import { describeEdge } from "./wait-edges.ts";

/** "worker 31648": a thread as maintainers know it, by name and id on the host. */
export type ThreadName = (tid: number) => string;

export function threadNames(threads: readonly { tid: number; comm: string }[]): ThreadName {
  const comms = new Map(threads.map((thread) => [thread.tid, thread.comm]));
  return (tid) => `${comms.get(tid) ?? "thread"} ${tid}`;
}

/** The cycle in one sentence, or null when there is none. A join, where there is one, is said first: it is what a reader recognises. */
export function proofSentence(graph: WaitGraph, name: ThreadName): string | null {
  const [cycle] = graph.cycles;
  if (!cycle) return null;
  const edges = cycle.flatMap((tid, i) => {
    const next = cycle[(i + 1) % cycle.length];
    const edge = graph.edges.find(({ from, to }) => from === tid && to.kind === "thread" && to.tid === next);
    return edge ?? [];
  });
  const [only] = edges;
  if (cycle.length === 1 && only)
    return `${name(only.from)} waits for ${lockWord(only)} that it holds itself: a self-deadlock`;
  const join = Math.max(
    0,
    edges.findIndex((edge) => edge.kind === "join"),
  );
  const ordered = [...edges.slice(join), ...edges.slice(0, join)];
  return `${ordered.map((edge) => clause(edge, name)).join("; ")}: a cycle`;
}

function clause(edge: WaitEdge, name: ThreadName): string {
  const holder = edge.to.kind === "thread" ? name(edge.to.tid) : "?";
  const ends = edge.kind === "join" || edge.kind === "child";
  const what =
    edge.kind === "told"
      ? `for ${holder} (${edge.address})`
      : ends
        ? `for ${holder} to end`
        : `for a lock that ${holder} holds`;
  return `${name(edge.from)} waits ${what}`;
}

function lockWord(edge: WaitEdge): string {
  return edge.kind === "mutex" ? "a mutex" : "a lock";
}

/** What the graph says, in one or two sentences, for people who know the server. */
export function graphSummary(graph: WaitGraph, name: ThreadName): string {
  const queue = graph.queue.length > 0 ? `; ${countNames(graph.queue, name)} behind` : "";
  if (graph.class === "proven") {
    const more = graph.cycles.length > 1 ? ` (and ${graph.cycles.length - 1} more)` : "";
    return `deadlock proven: ${proofSentence(graph, name)}${more}${queue}`;
  }
  const [lock] = graph.readerLocks;
  if (graph.class === "held-by-readers" && lock) {
    const readers = `${lock.readers} ${lock.readers === 1 ? "reader" : "readers"}`;
    const may = lock.mayHold.length > 0 ? `; may be among the readers: ${suspects(lock.mayHold, name)}` : "";
    return `rwlock ${lock.address} is held by ${readers} (which threads is not recorded, so no proof), ${countNames(lock.waiting, name)} for it${may}`;
  }
  const [wait] = graph.linkWaits;
  if (graph.class === "waits-on-link" && wait) {
    const steps = wait.chain.map((tid) => chainClause(tid, graph, name)).join("; ");
    return `${steps}${queue}`;
  }
  const [root] = graph.threadWaits;
  if (graph.class === "waits-on-thread" && root) {
    const steps = root.chain.slice(0, -1).map((tid) => chainClause(tid, graph, name));
    return `${[...steps, `${name(root.tid)} ${doing(root)}`].join("; ")} (no cycle, so no proof)${queue}`;
  }
  return "no cycle of waits: no thread is known to wait for a lock, thread or link for good";
}

const SLEEPS: readonly string[] = ["nanosleep", "clock_nanosleep"];

/** What the thread does that all others wait for. */
function doing({ call, asleep }: WaitGraph["threadWaits"][number]): string {
  const often = asleep ? "" : "again and again ";
  if (call === null) return "moves";
  return SLEEPS.includes(call) ? `sleeps ${often}(${call})` : `is ${often}in ${call}`;
}

function chainClause(tid: number, graph: WaitGraph, name: ThreadName): string {
  const edges = graph.edges.filter((edge) => edge.from === tid);
  const edge = edges.find((e) => e.to.kind === "link") ?? edges[0];
  if (!edge) return name(tid);
  if (edge.to.kind === "thread") return clause(edge, name);
  return `${name(tid)} waits in ${describeEdge(edge, name)}`;
}

/** More threads than this are counted by their names. */
const NAMED = 4;

function suspects(tids: readonly number[], name: ThreadName): string {
  return tids.length <= NAMED ? tids.map(name).join(", ") : `${tids.length} threads (${countedNames(tids, name)})`;
}

/** "9 threads (worker ×7, main, sync) wait" */
function countNames(tids: readonly number[], name: ThreadName): string {
  const one = tids.length === 1;
  return `${tids.length} ${one ? "thread" : "threads"} (${countedNames(tids, name)}) ${one ? "waits" : "wait"}`;
}

/** "worker ×7, main" */
function countedNames(tids: readonly number[], name: ThreadName): string {
  return countedComms(tids.map((tid) => name(tid).replace(/ \d+$/, ""))).join(", ");
}

/** "worker ×7", "main" */
export function countedComms(comms: readonly string[]): string[] {
  return [...countEach(comms)].map(([comm, n]) => (n > 1 ? `${comm} ×${n}` : comm));
}

/** wait-for.txt: the verdict first, then every edge, then what was left out and why. */
export function graphText(graph: WaitGraph, threads: readonly ThreadHistory[], notes: readonly string[]): string {
  const name = threadNames(threads);
  const inner = new Map(threads.map((thread) => [thread.tid, thread.nsTid]));
  const both = (tid: number): string =>
    inner.get(tid) === tid || !inner.has(tid) ? name(tid) : `${name(tid)} (${inner.get(tid)} in its container)`;
  const lines = [`${graph.class}: ${graphSummary(graph, name)}`, ...notes, ""];
  for (const [i, cycle] of graph.cycles.entries()) {
    lines.push(`cycle ${i + 1}`);
    for (const tid of cycle) lines.push(...edgesOf(tid, graph.edges, both).map((line) => `  ${line}`));
  }
  const inCycle = new Set(graph.cycles.flat());
  const others = graph.edges.filter((edge) => !inCycle.has(edge.from));
  if (others.length > 0) lines.push(graph.cycles.length > 0 ? "other waits" : "waits");
  for (const edge of others) lines.push(`  ${both(edge.from)} -> ${describeEdge(edge, both)}`);
  if (graph.subtracted.length > 0) lines.push("left out: the healthy process waited like this, too");
  for (const edge of graph.subtracted) lines.push(`  ${both(edge.from)} -> ${describeEdge(edge, both)}`);
  return `${lines.join("\n")}\n`;
}

function edgesOf(tid: number, edges: readonly WaitEdge[], name: ThreadName): string[] {
  return edges.filter((edge) => edge.from === tid).map((edge) => `${name(tid)} -> ${describeEdge(edge, name)}`);
}
