import { messageOf } from "../base/chaos-error.ts";
import { monotonicClock } from "../base/clock.ts";
import type { WaitEdge } from "../journal/evidence-data.ts";
import { startTicks } from "./process.ts";
import { type SidecarOptions, takeSidecarSnapshots } from "./sidecar.ts";
import { commsOf, stableEdges, takeSnapshots, threadHistories } from "./snapshots.ts";

/** What a healthy process waits for. Edges are compared by thread, kind and address. */
export interface WaitBaseline {
  pid: number;
  /** With the pid, the identity of a process: a restarted server has waits of its own. */
  startTicks: number | null;
  edges: readonly WaitEdge[];
  /** The same by names instead of ids ("pika mutex itself"), for the process that a restart puts in its place. */
  shapes: readonly string[];
  /** Why its waits could not be read, or null. */
  missing: string | null;
}

/**
 * The waits of a process that is known to be healthy, to subtract later: some servers sleep on a lock for ever by design
 * (Pika's main thread). Takes 0.3 s, through a sidecar a second or two; does not stop the process, and rejects only when aborted.
 * @param of its id, or how to look at it where it is not in this machine's /proc
 */
export async function takeBaseline(of: number | SidecarOptions, signal?: AbortSignal): Promise<WaitBaseline> {
  const clock = monotonicClock();
  try {
    const seen =
      typeof of === "number" ? takeSnapshots(of, [], clock, signal) : takeSidecarSnapshots(of, [], clock, signal);
    const look = await seen;
    const { pid, proc, snapshots, why } = look;
    const edges = stableEdges(snapshots, threadHistories(snapshots));
    const comm = commsOf(look);
    const shapes = edges.map((edge) => shapeOf(edge, comm));
    return { pid, startTicks: startTicks(pid, proc), edges, shapes, missing: why };
  } catch (error) {
    signal?.throwIfAborted();
    const pid = typeof of === "number" ? of : 0;
    return { pid, startTicks: null, edges: [], shapes: [], missing: messageOf(error) };
  }
}

/**
 * Which of a process's waits its healthy self had. After a restart ids and addresses are others; then a wait counts as usual
 * when threads of the same names waited in the same way: a wait too many left out is better than a false proof.
 */
export function usualWaits(
  baseline: WaitBaseline | undefined,
  process: Pick<WaitBaseline, "pid" | "startTicks"> & { threads: number },
  edges: readonly WaitEdge[],
  comm: (tid: number) => string,
): { edges: readonly WaitEdge[]; note: string | null } {
  const parked = parkedMains(edges, (tid) => tid === process.pid && process.threads > 1);
  const note = parked.length > 0 ? PARKED : null;
  if (!baseline) return { edges: parked, note };
  if (baseline.missing !== null) {
    const unknown = `the waits of the healthy process are not known (${baseline.missing})`;
    return { edges: parked, note: note === null ? unknown : `${unknown}; ${note}` };
  }
  if (baseline.pid === process.pid && baseline.startTicks === process.startTicks)
    return { edges: baseline.edges, note: null };
  const shapes = new Set(baseline.shapes);
  return {
    edges: edges.filter((edge) => shapes.has(shapeOf(edge, comm))),
    note: "the process was restarted since its healthy waits were noted, so they are compared by thread names",
  };
}

export const PARKED =
  "the main thread waits for a mutex that it holds itself, and nobody waits for the main thread: some programs put it to sleep so (Pika does), " +
  "so this is not counted as a deadlock";

/**
 * Where nobody knows what a process waits for when it is well: Pika's main thread, for one, sleeps on a mutex that it holds itself. In a
 * program of one thread, or where others wait behind it, that is no sleep.
 */
export function parkedMains(edges: readonly WaitEdge[], isMainOfMany: (tid: number) => boolean): WaitEdge[] {
  const awaited = new Set(edges.flatMap(({ from, to }) => (to.kind === "thread" && to.tid !== from ? [to.tid] : [])));
  return edges.filter(({ from, kind, to }) => {
    const own = kind === "mutex" && to.kind === "thread" && to.tid === from;
    return own && isMainOfMany(from) && !awaited.has(from);
  });
}

function shapeOf({ from, kind, to }: WaitEdge, comm: (tid: number) => string): string {
  const whom = to.kind !== "thread" ? to.kind : to.tid === from ? "itself" : comm(to.tid);
  return `${comm(from)} ${kind} ${whom}`;
}
