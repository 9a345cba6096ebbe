import type { NamedLockUse, PredictedSide } from "../../journal/prediction.ts";
import type { Dependency, HeldWait, LockUse } from "../graph.ts";
import type { Candidate } from "./candidates.ts";
import type { Places } from "./places.ts";

/** Names of the locks of one prediction or wait, in the order in which they are asked for: "rwlock A", "mutex B". */
export class Letters {
  readonly #letters = new Map<string, string>();

  of({ lock, kind }: LockUse): string {
    const known = this.#letters.get(lock);
    const letter = known ?? letterOf(this.#letters.size);
    this.#letters.set(lock, letter);
    return `${kind === "spin" ? "spin lock" : kind} ${letter}`;
  }
}

function letterOf(i: number): string {
  const round = Math.floor(i / 26);
  return String.fromCharCode("A".charCodeAt(0) + (i % 26)) + (round === 0 ? "" : String(round));
}

/** The locks that are held, outermost first. */
export function namedHolds(moment: Dependency | HeldWait, letters: Letters, places: Places): NamedLockUse[] {
  return moment.holds.map((use, i) => ({
    lock: letters.of(use),
    kind: use.kind,
    mode: use.mode,
    ...places.held(moment, i),
  }));
}

export interface SideDetails {
  /** Who is waited for where the end of a thread is wanted. */
  ends: string | null;
  /** Every dependency of the same functions. */
  all: Iterable<Dependency>;
  /** ms: of a moment of the graph on the run's clock. */
  zero: number;
}

/** A dependency as a side that people read. */
export function namedSide(side: Candidate, details: SideDetails, letters: Letters, places: Places): PredictedSide {
  const own = side.dependency;
  const { wants } = own;
  const named = namedHolds(own, letters, places);
  const lock = details.ends === null ? letters.of(wants) : `the end of ${details.ends}`;
  const all = [...new Set([own, ...details.all])];
  return {
    thread: side.pattern,
    holds: named,
    wants: { lock, kind: wants.kind, mode: wants.mode, ...places.of(own) },
    stack: places.stack(own),
    at: moments(all).map((at) => at + details.zero),
    count: all.reduce((sum, { count }) => sum + count, 0),
    ...(side.joins !== null && all.every(({ waited }) => !waited) ? { alreadyEnded: true } : {}),
  };
}

/** As many moments are told of a side. */
const MOST_MOMENTS = 16;

/** Those of the first, and of the others as many as there is room for; in order. */
function moments(all: readonly Dependency[]): number[] {
  const distinct = [...new Set(all.flatMap(({ at }) => at))];
  return distinct.slice(0, MOST_MOMENTS).sort((a, b) => a - b);
}
