import { addTo } from "../../base/group-by.ts";
import type { LockGraph } from "../graph.ts";
import { type Candidate, Candidates, clash, haveGate } from "./candidates.ts";
import { strongComponents } from "./components.ts";
import { HappensBefore } from "./happens-before.ts";
import { canMeet, mayDiffer } from "./meeting.ts";

/** A cycle of more sides needs as many threads at their places at once. */
export const LONGEST_CYCLE = 6;
/** Looks at a dependency: a few seconds. Each length has its share of them, and of that each lock; what one leaves is the next one's. */
const MOST_STEPS = 5_000_000;
/** What it costs to judge a whole cycle. */
const CLOSING = 10;
/** So many writers are tried to stand between two readers. */
const MOST_WRITERS = 16;

export interface LockCycle {
  /** Each wants what the next one holds, the last what the first holds. One alone waits for itself. */
  sides: readonly Candidate[];
  /** Of readers that exclude each other only with a writer waiting between them: who was seen to want to write. */
  writers: readonly Candidate[];
}

/**
 * The deadlocks that a program can reach by what its threads have shown (Havelund's GoodLock; iGoodlock: Joshi et al., PLDI 2009): cycles of
 * dependencies of different threads, in modes that exclude each other, with no lock that keeps two sides apart, and no order that starts and
 * joins make. Only the shortest: no side could do without the next one.
 *
 * @param found called once per cycle, the short ones first
 * @returns false: there was more to look at than is looked at
 */
export function findCycles(graph: LockGraph, found: (cycle: LockCycle) => void): boolean {
  const candidates = new Candidates(graph);
  const order = new HappensBefore(graph.threads);
  for (const one of candidates.alone) {
    const readsAgain = one.dependency.wants.mode === "shared" && one.holds.get(one.wants) === "shared";
    const writers = readsAgain ? writersBetween(candidates, order, [one], [one.wants], new Map()) : [];
    if (writers) found({ sides: [one], writers });
  }
  const search = new Search(candidates, order, found);
  for (let length = 2; length <= LONGEST_CYCLE; length++) search.cyclesOf(length);
  return search.complete;
}

/** One for each lock that readers hold against readers; null: none was seen that can be there at the same time. */
function writersBetween(
  candidates: Candidates,
  order: HappensBefore,
  sides: readonly Candidate[],
  locks: readonly number[],
  must: ReadonlyMap<number, number>,
): Candidate[] | null {
  const [lock, ...others] = locks;
  if (lock === undefined) return canMeet(sides, order, must) ? [] : null;
  for (const writer of candidates.writersOf(lock).slice(0, MOST_WRITERS)) {
    const rest = writersBetween(candidates, order, [...sides, writer], others, must);
    if (rest) return [writer, ...rest];
  }
  return null;
}

class Search {
  complete = true;
  readonly #candidates: Candidates;
  readonly #order: HappensBefore;
  readonly #found: (cycle: LockCycle) => void;
  /** Locks that may be in a cycle. */
  readonly #locks: readonly number[];
  /** By lock: who can be a side that holds it, and who can be one that wants it. */
  readonly #holders = new Map<number, Candidate[]>();
  readonly #wanters = new Map<number, Candidate[]>();
  #steps = 0;
  #limit = 0;

  constructor(candidates: Candidates, order: HappensBefore, found: (cycle: LockCycle) => void) {
    this.#candidates = candidates;
    this.#order = order;
    this.#found = found;
    const component = strongComponents(lockOrder(candidates));
    for (const candidate of candidates.all) {
      const within = (lock: number): boolean => component[lock] === component[candidate.wants];
      if (!candidates.heldBy(candidate).some(within)) continue;
      addTo(this.#wanters, candidate.wants, candidate);
    }
    const sides = new Set([...this.#wanters.values()].flat());
    for (const lock of this.#wanters.keys()) {
      const holders = [...candidates.holdersOf(lock)].filter(
        (one) => sides.has(one) && component[one.wants] === component[lock],
      );
      if (holders.length > 0) this.#holders.set(lock, holders);
    }
    this.#locks = [...this.#holders.keys()].sort((a, b) => a - b);
  }

  /** Cycles of so many sides. Each is found from its lock of the lowest number. */
  cyclesOf(length: number): void {
    const end = this.#steps + (MOST_STEPS - this.#steps) / (LONGEST_CYCLE - length + 1);
    for (const [i, lock] of this.#locks.entries()) {
      this.#limit = this.#steps + (end - this.#steps) / (this.#locks.length - i);
      const distance = this.#distances(lock, length - 1);
      for (const first of this.#holders.get(lock) ?? []) {
        if ((distance.get(first.wants) ?? length) < length) this.#extend(lock, length, distance, [first]);
      }
    }
  }

  /** How many sides there have to be at least from one that holds a lock up to one that wants `lock`. */
  #distances(lock: number, most: number): ReadonlyMap<number, number> {
    const distances = new Map([[lock, 0]]);
    let edge = [lock];
    for (let distance = 1; distance <= most && edge.length > 0; distance++) {
      const next: number[] = [];
      for (const wanted of edge) {
        for (const candidate of this.#wanters.get(wanted) ?? []) {
          for (const held of this.#candidates.heldBy(candidate)) {
            if (!this.#step()) return distances;
            if (held <= lock || distances.has(held)) continue;
            distances.set(held, distance);
            next.push(held);
          }
        }
      }
      edge = next;
    }
    return distances;
  }

  #extend(lock: number, length: number, distance: ReadonlyMap<number, number>, path: readonly Candidate[]): void {
    const last = path.at(-1);
    if (!last) return;
    if (last.wants === lock) {
      if (path.length === length) this.#close(lock, path);
      return;
    }
    const left = length - path.length - 1;
    for (const next of this.#holders.get(last.wants) ?? []) {
      if (!this.#step()) return;
      if ((distance.get(next.wants) ?? length) > left) continue;
      if (this.#follows(path, last, next, lock)) this.#extend(lock, length, distance, [...path, next]);
    }
  }

  #follows(path: readonly Candidate[], last: Candidate, next: Candidate, lock: number): boolean {
    if (excludes(last, next) === "no") return false;
    return path.every((side, i) => {
      if (!mayDiffer(side, next) || haveGate(side, next)) return false;
      // A shorter way from a side to this one, or from this one to a side.
      if (side !== last && side.joins === null && excludes(side, next) !== "no") return false;
      const closes = i === 0 && next.wants === lock;
      return closes || next.joins !== null || excludes(next, side) === "no";
    });
  }

  #close(lock: number, sides: readonly Candidate[]): void {
    this.#steps += CLOSING;
    const must = new Map<number, number>();
    const readers: number[] = [];
    for (const [i, side] of sides.entries()) {
      const after = (i + 1) % sides.length;
      const next = sides[after];
      if (!next) return;
      const how = excludes(side, next);
      if (how === "no" || (side.wants === lock && after !== 0)) return;
      if (how === "with-writer") readers.push(side.wants);
      if (side.joins !== null) must.set(after, side.joins);
    }
    const writers = writersBetween(this.#candidates, this.#order, sides, readers, must);
    if (writers) this.#found({ sides, writers });
  }

  #step(): boolean {
    if (this.#steps < this.#limit) {
      this.#steps++;
      return true;
    }
    this.complete = false;
    return false;
  }
}

/** How the second keeps from the first what that wants. */
function excludes(first: Candidate, second: Candidate): "yes" | "no" | "with-writer" {
  if (first.joins !== null) return "yes";
  const mode = second.holds.get(first.wants);
  return mode === undefined ? "no" : clash(first.dependency, mode);
}

/** By lock: which locks were wanted by those who held it. */
function lockOrder(candidates: Candidates): number[][] {
  const wanted = Array.from({ length: candidates.lockCount }, () => new Set<number>());
  for (const candidate of candidates.all) {
    for (const held of candidates.heldBy(candidate)) wanted[held]?.add(candidate.wants);
  }
  return wanted.map((locks) => [...locks]);
}
