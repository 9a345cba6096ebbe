import { groupBy } from "../../base/group-by.ts";
import type { HangEvidence, WaitEdge, WaitGraph } from "../../journal/evidence-data.ts";

/** One box of the drawing: a thread, threads that all wait for the same, a lock that readers hold, or a link. */
export interface WaitBox {
  key: string;
  kind: "thread" | "group" | "readers" | "link" | "peer";
  title: string;
  /** Short lines below the title. */
  lines: string[];
  inCycle: boolean;
  cutBy: string | null;
  /** Steps to what everything waits for: 0 is the cycle, the readers' lock or the link. */
  depth: number;
}

export interface WaitArrow {
  from: string;
  to: string;
  label: string;
  inCycle: boolean;
  /** Only suspected: a thread that may be among the readers. */
  maybe: boolean;
}

export type WaitPicture = ReturnType<typeof waitPicture>;

/**
 * What is worth drawing of a wait-for graph: the first cycle, or the readers' lock or link that others wait for, and everybody
 * behind it. Threads that nobody waits for and that wait for the same thing become one box.
 */
export function waitPicture(graph: WaitGraph, threads: HangEvidence["threads"]) {
  const byTid = new Map(threads.map((thread) => [thread.tid, thread]));
  const next = nextEdges(graph);
  const [cycle = []] = graph.cycles;
  const shown = relevant(graph, cycle, next);
  const awaited = new Set([...shown].flatMap((tid) => awaitedBy(next.get(tid))));
  const boxes = new Map<string, WaitBox>();
  const arrows = new Map<string, WaitArrow>();
  const keyOf = (tid: number): string => {
    const edge = next.get(tid);
    if (cycle.includes(tid) || awaited.has(tid) || !edge) return `t${tid}`;
    return `g${byTid.get(tid)?.comm ?? "thread"} ${edge.kind} ${edge.address} ${targetKey(edge)}`;
  };
  const depths = new Map<number, number>();
  const depth = (tid: number, seen: readonly number[] = []): number => {
    const known = depths.get(tid);
    if (known !== undefined) return known;
    const edge = next.get(tid);
    const found =
      cycle.includes(tid) || !edge || seen.includes(tid)
        ? 0
        : edge.to.kind === "thread"
          ? 1 + depth(edge.to.tid, [...seen, tid])
          : 1;
    depths.set(tid, found);
    return found;
  };
  for (const [key, tids] of groupBy(shown, keyOf)) {
    const [tid = 0] = tids;
    const thread = byTid.get(tid);
    const comm = thread?.comm ?? "thread";
    const edge = next.get(tid);
    const inCycle = cycle.includes(tid);
    const inner = thread && thread.nsTid !== tid ? [`${thread.nsTid} in its container`] : [];
    boxes.set(key, {
      key,
      kind: tids.length > 1 ? "group" : "thread",
      title: tids.length > 1 ? `${tids.length} × ${comm}` : `${comm} ${tid}`,
      lines: [
        ...(tids.length > 1 ? [tids.slice(0, 4).join(", ") + (tids.length > 4 ? ", …" : "")] : inner),
        ...(inCycle || !edge ? [] : [arrowLabel(edge)]),
        ...graph.threadWaits.filter((wait) => wait.tid === tid && wait.call !== null).map(({ call }) => `in ${call}`),
      ],
      inCycle,
      cutBy: null,
      depth: depth(tid),
    });
    if (!edge) continue;
    const to = edge.to.kind === "thread" ? keyOf(edge.to.tid) : targetKey(edge);
    if (edge.to.kind !== "thread" && !boxes.has(to)) boxes.set(to, endBox(to, edge));
    arrows.set(key, { from: key, to, label: arrowLabel(edge), inCycle, maybe: false });
  }
  for (const lock of cycle.length > 0 ? [] : graph.readerLocks) {
    const from = `r${lock.address}`;
    for (const to of lock.mayHold.map(keyOf)) {
      if (boxes.has(from) && boxes.has(to))
        arrows.set(`${from} ${to}`, { from, to, label: "may be a reader", inCycle: false, maybe: true });
    }
  }
  // `cycle`: keys of its boxes in the order of waiting.
  return { boxes: [...boxes.values()], arrows: [...arrows.values()], cycle: cycle.map(keyOf) };
}

/** Whom each thread waits for; a wait that ends by itself is drawn only where it is all there is. */
function nextEdges(graph: WaitGraph): Map<number, WaitEdge> {
  const next = new Map<number, WaitEdge>();
  const weight = ({ to, timed }: WaitEdge) =>
    (timed ? 4 : 0) + (to.kind === "thread" ? 0 : to.kind === "peer" ? 3 : to.kind === "link" && to.cutBy ? 1 : 2);
  for (const edge of graph.edges) {
    const before = next.get(edge.from);
    if (!before || weight(edge) < weight(before)) next.set(edge.from, edge);
  }
  return next;
}

function relevant(graph: WaitGraph, cycle: readonly number[], next: ReadonlyMap<number, WaitEdge>): Set<number> {
  const shown = new Set<number>([...cycle, ...graph.queue]);
  if (cycle.length === 0) {
    for (const lock of graph.readerLocks) for (const tid of [...lock.waiting, ...lock.mayHold]) shown.add(tid);
    for (const wait of [...graph.linkWaits, ...graph.threadWaits])
      for (const tid of [...wait.chain, wait.tid]) shown.add(tid);
  }
  // Whom these wait for must be there, too, or an arrow would lead nowhere.
  for (const tid of shown) for (const other of awaitedBy(next.get(tid))) shown.add(other);
  return shown;
}

function awaitedBy(edge: WaitEdge | undefined): number[] {
  return edge?.to.kind === "thread" ? [edge.to.tid] : [];
}

function targetKey({ to, address }: WaitEdge): string {
  if (to.kind === "thread") return `t${to.tid}`;
  if (to.kind === "readers") return `r${address}`;
  return to.kind === "link" ? `l${to.name}` : `p${to.peer}`;
}

function endBox(key: string, { to, address }: WaitEdge): WaitBox {
  const plain = { key, lines: [], inCycle: false, cutBy: null, depth: 0 };
  if (to.kind === "readers")
    return { ...plain, kind: "readers", title: `rwlock ${address}`, lines: [`held by ${to.count} reader(s), unnamed`] };
  if (to.kind === "link")
    return { ...plain, kind: "link", title: `link ${to.name}`, lines: [to.peer], cutBy: to.cutBy };
  return { ...plain, kind: "peer", title: to.kind === "peer" ? to.peer : key };
}

function arrowLabel({ kind, address, call }: WaitEdge): string {
  const wants: Partial<Record<WaitEdge["kind"], string>> = {
    join: "waits for its end (join)",
    child: "waits for its end (child)",
    "file-lock": `wants file lock ${address}`,
    told: address,
    mutex: `wants mutex ${address}`,
    "rwlock-read": `wants rwlock ${address} (read)`,
    "rwlock-write": `wants rwlock ${address} (write)`,
  };
  return wants[kind] ?? `${call}, ${address.replace(/ \(.*/, "")}`;
}
