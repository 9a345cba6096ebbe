import type { Dependency } from "../graph.ts";
import { type Candidate, haveGate } from "./candidates.ts";
import type { HappensBefore, Hold } from "./happens-before.ts";

/** A thread between two of its starts and joins; null: one that is not known by number. */
type Doer = Dependency["by"][number] | null;

/**
 * Can different threads be at all these places at the same time? Each place gets one of the threads that were there, no two of them the same,
 * none over before another begins, and no lock held that keeps two of them apart, be it by who made and joins them.
 *
 * @param must by place: the thread that it has to be, because the place before waits for that thread's end
 */
export function canMeet(
  places: readonly Candidate[],
  order: HappensBefore,
  must: ReadonlyMap<number, number> = new Map(),
): boolean {
  if (places.some((a, i) => places.slice(i + 1).some((b) => haveGate(a, b)))) return false;
  /** By a lock that another holds all the while. Threads that are not known by number live like those that are. */
  const areKeptApart = (a: Doer, one: Candidate, b: Doer, other: Candidate): boolean => {
    if (!order.hasHolds) return false;
    const pairs = threadsOf(a, one).flatMap((thread) =>
      threadsOf(b, other).flatMap((beside) => (thread === beside ? [] : [{ thread, beside }])),
    );
    const apart = ({ thread, beside }: (typeof pairs)[number]): boolean =>
      exclude(holdsOf(thread, one, order), holdsOf(beside, other, order));
    return pairs.length > 0 && pairs.every(apart);
  };
  const chosen: Doer[] = [];
  const assign = (i: number): boolean => {
    const place = places[i];
    if (!place) return true;
    for (const doer of doers(place, must.get(i))) {
      const fits = chosen.every((other, j) => {
        const there = places[j];
        return areBeside(doer, other, order) && there !== undefined && !areKeptApart(doer, place, other, there);
      });
      if (!fits) continue;
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

function threadsOf(doer: Doer, { dependency: { by } }: Candidate): number[] {
  return (doer ? [doer] : by).map(({ thread }) => thread);
}

function holdsOf(thread: number, { dependency: { holds } }: Candidate, order: HappensBefore): Hold[] {
  return [...holds.map(({ lock, mode }) => ({ lock, mode, by: thread })), ...order.heldAround(thread)];
}

function exclude(one: readonly Hold[], other: readonly Hold[]): boolean {
  return one.some(({ lock, mode, by }) =>
    other.some((held) => held.lock === lock && held.by !== by && (mode === "exclusive" || held.mode === "exclusive")),
  );
}

function areBeside(a: Doer, b: Doer, order: HappensBefore): boolean {
  if (!a || !b) return true;
  if (a.thread === b.thread) return false;
  return !order.isBefore(a.thread, a.to, b.thread, b.from) && !order.isBefore(b.thread, b.to, a.thread, a.from);
}
