import type { WaitEdge } from "../journal/evidence-data.ts";

/** The threads that hold a rwlock as readers, as their container calls them, by the lock's address: what the library that sees locks knows. */
export type Readers = ReadonlyMap<number, readonly number[]>;

/**
 * The kernel and glibc tell how many readers hold a lock, and not who: where that is known, a wait for readers becomes one for each of
 * them, since a writer waits for all. Only where it was known before and after the process was looked at, and for as many as there are:
 * a reader that is missing could be the one that lets go.
 */
export function nameReaders(
  edges: readonly WaitEdge[],
  { before, after }: { before: Readers; after: Readers },
  threads: readonly { tid: number; nsTid: number }[],
): WaitEdge[] {
  const hostTid = new Map(threads.map(({ tid, nsTid }) => [nsTid, tid]));
  return edges.flatMap((edge): WaitEdge[] => {
    if (edge.to.kind !== "readers") return [edge];
    const address = Number(edge.address);
    const now = after.get(address) ?? [];
    const held = (before.get(address) ?? []).filter((nsTid) => now.includes(nsTid));
    const named = held.flatMap((nsTid) => hostTid.get(nsTid) ?? []);
    if (named.length !== edge.to.count || now.length !== named.length) return [edge];
    return named.map((tid) => ({ ...edge, to: { kind: "thread", tid }, reader: true }));
  });
}
