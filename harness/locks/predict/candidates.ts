import { addTo } from "../../base/group-by.ts";
import type { Dependency, LockGraph, LockMode, LockThread } from "../graph.ts";

/** A dependency as the search for cycles sees it: locks are small numbers. */
export interface Candidate {
  dependency: Dependency;
  /** Name of its threads; digits are one "#". */
  pattern: string;
  /** That, and what they were made to run: a thread that has no name of its own yet has that of who made it. */
  pool: string;
  wants: number;
  /** The thread whose end it wants; null: it wants a lock. */
  joins: number | null;
  /** Explicitly held locks, each in its stronger mode. That a thread holds its own end is not among them. */
  holds: ReadonlyMap<number, LockMode>;
  /** The keys of `holds`. */
  locks: readonly number[];
}

/** "worker-12" → "worker-#": threads of one pool do the same. */
export function threadPattern(name: string): string {
  return name.replace(/\d+/g, "#");
}

/**
 * Whether what `wanting` wants cannot be had while another holds it in that mode. "with-writer": two readers, of which the second waits behind a
 * writer that waits for the first.
 */
export function clash({ wants, prefersWriter }: Dependency, held: LockMode): "yes" | "no" | "with-writer" {
  if (wants.mode === "exclusive" || held === "exclusive") return "yes";
  return prefersWriter ? "with-writer" : "no";
}

/** Do both hold a lock in modes that exclude each other? Then they can never be at their places at the same time. */
export function haveGate(a: Candidate, b: Candidate): boolean {
  return a.locks.some((lock) => {
    const mode = b.holds.get(lock);
    return mode !== undefined && (mode === "exclusive" || a.holds.get(lock) === "exclusive");
  });
}

/** All dependencies of a graph, and who holds what. A thread holds its own end ("thread 12") from its birth on. */
export class Candidates {
  /** Those that may be a side of a cycle. */
  readonly all: readonly Candidate[];
  /** Those that wait for themselves. */
  readonly alone: readonly Candidate[];
  /** Locks and ends of threads together: numbers below this one. */
  readonly lockCount: number;
  readonly #ids = new Map<string, number>();
  /** By lock: who holds it explicitly. */
  readonly #holders = new Map<number, Candidate[]>();
  /** By number of a thread that somebody joins: its dependencies. */
  readonly #ofThread = new Map<number, Candidate[]>();
  /** By pool: those of more threads than are known. */
  readonly #ofMany = new Map<string, Candidate[]>();
  /** Threads that somebody joins, by lock number, with the pools that they were in. */
  readonly #joined = new Map<number, { thread: number; pools: Set<string> }>();
  readonly #endOf = new Map<number, number>();
  readonly #endsIn = new Map<string, number[]>();
  readonly #writers = new Map<number, Candidate[]>();

  constructor({ dependencies, threads }: LockGraph) {
    // What is not told of a cut one may keep it apart from any other.
    const whole = dependencies.filter(({ cut }) => !cut);
    const candidates = whole.map((one) => {
      const pattern = threadPattern(nameOf(one, threads));
      return this.#candidate(one, pattern, poolOf(pattern, threads.get(one.by[0]?.thread ?? 0)));
    });
    this.lockCount = this.#ids.size;
    this.all = candidates.filter(({ dependency }) => !dependency.itself);
    this.alone = candidates.filter(({ dependency }) => dependency.itself);
    for (const { wants, joins } of this.all) {
      if (joins === null || this.#joined.has(wants)) continue;
      this.#endOf.set(joins, wants);
      this.#joined.set(wants, { thread: joins, pools: new Set() });
    }
    for (const candidate of this.all) this.#index(candidate);
    for (const [end, { thread, pools }] of this.#joined) {
      // A thread begins with the name of that which made it: what it was called at its places says more.
      const own = threads.get(thread);
      if (pools.size === 0 && own) pools.add(poolOf(threadPattern(own.name), own));
      for (const one of pools) addTo(this.#endsIn, one, end);
    }
  }

  /** Who can hold this lock, or be this thread. */
  *holdersOf(lock: number): Iterable<Candidate> {
    const joined = this.#joined.get(lock);
    if (!joined) {
      yield* this.#holders.get(lock) ?? [];
      return;
    }
    const own = this.#ofThread.get(joined.thread) ?? [];
    yield* own;
    for (const pool of joined.pools) {
      for (const one of this.#ofMany.get(pool) ?? []) if (!isBy(one, joined.thread)) yield one;
    }
  }

  /** What a thread that is at this place holds, its own end included where somebody joins it. */
  heldBy({ locks, pool, dependency: { by, many } }: Candidate): readonly number[] {
    if (this.#endOf.size === 0) return locks;
    const ends = by.map(({ thread }) => this.#endOf.get(thread)).filter((end) => end !== undefined);
    const more = many ? this.#endsIn.get(pool) : undefined;
    return ends.length === 0 && !more ? locks : [...locks, ...ends, ...(more ?? [])];
  }

  /** Who wants this lock for writing, and has to wait for it. */
  writersOf(lock: number): readonly Candidate[] {
    return this.#writers.get(lock) ?? [];
  }

  #candidate(dependency: Dependency, pattern: string, pool: string): Candidate {
    const { wants, holds } = dependency;
    const modes = new Map<number, LockMode>();
    for (const { lock, mode } of holds) {
      const id = this.#id(lock);
      if (modes.get(id) !== "exclusive") modes.set(id, mode);
    }
    const joins = wants.kind === "thread" ? Number(wants.lock.slice("thread ".length)) : null;
    return { dependency, pattern, pool, wants: this.#id(wants.lock), joins, holds: modes, locks: [...modes.keys()] };
  }

  #index(candidate: Candidate): void {
    const { dependency, holds, wants, pool } = candidate;
    for (const lock of holds.keys()) addTo(this.#holders, lock, candidate);
    if (dependency.wants.kind === "rwlock" && dependency.wants.mode === "exclusive")
      addTo(this.#writers, wants, candidate);
    for (const { thread } of dependency.by) {
      const end = this.#endOf.get(thread);
      if (end === undefined) continue;
      addTo(this.#ofThread, thread, candidate);
      this.#joined.get(end)?.pools.add(pool);
    }
    if (dependency.many) addTo(this.#ofMany, pool, candidate);
  }

  #id(lock: string): number {
    const known = this.#ids.get(lock);
    if (known !== undefined) return known;
    this.#ids.set(lock, this.#ids.size);
    return this.#ids.size - 1;
  }
}

/** A thread begins with the name of that which made it, mostly the process's: what it was called later says more. */
function nameOf({ thread, by }: Dependency, threads: LockGraph["threads"]): string {
  const first = threads.get(1)?.name;
  if (thread !== first || by.some((one) => one.thread === 1)) return thread;
  const names = by.map((one) => threads.get(one.thread)?.name);
  return names.find((name) => name !== undefined && name !== "" && name !== first) ?? thread;
}

function poolOf(pattern: string, thread: LockThread | undefined): string {
  return `${pattern} ${thread?.routine ?? 0}`;
}

function isBy({ dependency }: Candidate, thread: number): boolean {
  return dependency.by.some((one) => one.thread === thread);
}
