import type { Dependency } from "../graph.ts";
import { type Candidate, haveGate } from "./candidates.ts";
import type { HappensBefore } from "./happens-before.ts";

/** A thread between two of its starts and joins; null: one that is not known by number. */
type Doer = Dependency["by"][number] | null;

/**
 * Can different threads be at all these places at the same time? Each place gets one of the threads that were there, no two of them the same,
 * none over before another begins, and no lock held that keeps two of them apart.
 *
 * @param must by place: the thread that it has to be, because the place before waits for that thread's end
 */
export function canMeet(
  places: readonly Candidate[],
  order: HappensBefore,
  must: ReadonlyMap<number, number> = new Map(),
): boolean {
  if (places.some((a, i) => places.slice(i + 1).some((b) => haveGate(a, b)))) return false;
  const chosen: Doer[] = [];
  const assign = (i: number): boolean => {
    const place = places[i];
    if (!place) return true;
    for (const doer of doers(place, must.get(i))) {
      if (!chosen.every((other) => areBeside(doer, other, order))) continue;
      chosen.push(doer);
      if (assign(i + 1)) return true;
      chosen.pop();
    }
    return false;
  };
  return assign(0);
}

/** A quick answer that may be wrong only with yes: the same single thread was at both places. */
export function mayDiffer({ dependency: a }: Candidate, { dependency: b }: Candidate): boolean {
  return a.many || b.many || a.by.length !== 1 || b.by.length !== 1 || a.by[0]?.thread !== b.by[0]?.thread;
}

function doers({ dependency: { by, many } }: Candidate, must: number | undefined): readonly Doer[] {
  if (must === undefined) return many ? [...by, null] : by;
  const known = by.filter(({ thread }) => thread === must);
  // One of the many, at some time of its life.
  return known.length > 0 || !many ? known : [{ thread: must, from: 0, to: Number.POSITIVE_INFINITY }];
}

function areBeside(a: Doer, b: Doer, order: HappensBefore): boolean {
  if (!a || !b) return true;
  if (a.thread === b.thread) return false;
  return !order.isBefore(a.thread, a.to, b.thread, b.from) && !order.isBefore(b.thread, b.to, a.thread, a.from);
}
