import type { Dependency, LockGraph, LockMode } from "../../locks/graph.ts";

const LONGEST = 6;

/**
 * Every cycle of a small graph, by trying all sequences of dependencies and all threads that could be there: slow, and written from the
 * rules alone, as a judge of the search that is fast. Each as the numbers of its dependencies, the lowest first.
 */
export function everyCycle(given: LockGraph): string[] {
  const all = given.dependencies;
  const graph = { ...given, dependencies: all.filter(({ cut }) => !cut) };
  const cycles: string[] = [];
  const extend = (path: readonly number[]): void => {
    const sides = path.map((i) => all[i] as Dependency);
    if (path.length > 1) {
      const verdict = judge(graph, sides);
      if (verdict !== null) cycles.push(path.join(" ") + verdict);
    }
    if (path.length === LONGEST) return;
    // A prefix whose neighbours have nothing to do with each other leads nowhere.
    const last = sides.at(-1) as Dependency;
    for (const [i, next] of all.entries()) {
      if (!next.cut && i > (path[0] ?? 0) && !path.includes(i) && neighbours(graph, last, next)) extend([...path, i]);
    }
  };
  for (const [i, one] of all.entries()) if (!one.cut) extend([i]);
  return cycles;
}

function neighbours(graph: LockGraph, side: Dependency, next: Dependency): boolean {
  if (side.wants.kind !== "thread") return conflict(side, next) !== "no";
  const number = Number(side.wants.lock.slice(7));
  return (
    next.by.some(({ thread }) => thread === number) || (next.many && poolsOf(graph, number).has(poolOf(graph, next)))
  );
}

function mask(name: string): string {
  return name.replace(/\d+/g, "#");
}

function nameOf(graph: LockGraph, { thread, by }: Dependency): string {
  const main = graph.threads.get(1)?.name;
  if (thread !== main || by.some((one) => one.thread === 1)) return thread;
  return by.map((one) => graph.threads.get(one.thread)?.name ?? "").find((name) => name && name !== main) ?? thread;
}

function poolOf(graph: LockGraph, one: Dependency): string {
  return `${mask(nameOf(graph, one))} ${graph.threads.get(one.by[0]?.thread ?? 0)?.routine}`;
}

function poolsOf(graph: LockGraph, number: number): Set<string> {
  const own = graph.dependencies.filter(({ by }) => by.some(({ thread }) => thread === number));
  const self = graph.threads.get(number);
  if (own.length > 0) return new Set(own.map((one) => poolOf(graph, one)));
  return new Set(self ? [`${mask(self.name)} ${self.routine}`] : []);
}

function modeOf(side: Dependency, lock: string): LockMode | undefined {
  return side.holds.find((use) => use.lock === lock)?.mode;
}

function conflict(side: Dependency, holder: Dependency): "yes" | "no" | "writer" {
  const mode = modeOf(holder, side.wants.lock);
  if (mode === undefined) return "no";
  if (mode === "exclusive" || side.wants.mode === "exclusive") return "yes";
  return side.prefersWriter ? "writer" : "no";
}

/** null: no cycle, or not the shortest; otherwise what it needs besides. */
function judge(graph: LockGraph, sides: readonly Dependency[]): string | null {
  const last = sides.at(-1) as Dependency;
  if (!neighbours(graph, last, sides[0] as Dependency)) return null;
  for (const [i, side] of sides.entries()) {
    const next = (i + 1) % sides.length;
    if (sides.some((other, j) => j !== i && j !== next && conflict(side, other) !== "no")) return null;
  }
  const readers = sides.filter((side, i) => conflict(side, sides[(i + 1) % sides.length] as Dependency) === "writer");
  const must = sides.map((_, i) => {
    const before = sides.at(i - 1) as Dependency;
    return before.wants.kind === "thread" ? Number(before.wants.lock.slice(7)) : null;
  });
  const tryWriters = (left: readonly Dependency[], places: readonly Dependency[]): boolean => {
    const [reader, ...rest] = left;
    if (!reader) return canBeThere(graph, places, must);
    const writers = graph.dependencies.filter(
      ({ wants }) => wants.kind === "rwlock" && wants.lock === reader.wants.lock && wants.mode === "exclusive",
    );
    return writers.some((writer) => tryWriters(rest, [...places, writer]));
  };
  return tryWriters(readers, sides) ? (readers.length > 0 ? " and a writer" : "") : null;
}

type Doer = { thread: number; from: number; to: number } | null;

function canBeThere(graph: LockGraph, places: readonly Dependency[], must: readonly (number | null)[]): boolean {
  for (const [i, one] of places.entries()) {
    for (const other of places.slice(i + 1)) {
      const gate = one.holds.some(({ lock, mode }) => {
        const there = modeOf(other, lock);
        return there !== undefined && (mode === "exclusive" || there === "exclusive");
      });
      if (gate) return false;
    }
  }
  const choices = places.map(({ by, many }, i): Doer[] => {
    const number = must[i] ?? null;
    if (number === null) return many ? [...by, null] : [...by];
    const known = by.filter(({ thread }) => thread === number);
    return known.length > 0 ? known : [{ thread: number, from: 0, to: Number.POSITIVE_INFINITY }];
  });
  const all = choices.reduce<Doer[][]>((sets, of) => sets.flatMap((set) => of.map((doer) => [...set, doer])), [[]]);
  return all.some((set) =>
    set.every((a, i) =>
      set.every((b, j) => {
        const [one, other] = [places[i] as Dependency, places[j] as Dependency];
        if (i === j) return true;
        if (a && b && (a.thread === b.thread || isBefore(graph, a, b))) return false;
        const pairs = (a ? [a] : one.by).flatMap((mine) =>
          (b ? [b] : other.by).map((theirs) => [mine, theirs] as const),
        );
        const different = pairs.filter(([mine, theirs]) => mine.thread !== theirs.thread);
        const free = different.some(([mine, theirs]) => !inherited(graph, one, mine.thread, other, theirs.thread));
        return different.length === 0 || free;
      }),
    ),
  );
}

/** Do locks that makers held around their threads keep one thread at a place from another at another? */
function inherited(graph: LockGraph, one: Dependency, a: number, other: Dependency, b: number): boolean {
  const around = (thread: number): { lock: string; mode: LockMode; by: number }[] => {
    const own = graph.threads.get(thread);
    if (!own || own.parent === 0 || own.parent !== own.joinedBy) return [];
    return [...own.within.map((use) => ({ ...use, by: own.parent })), ...around(own.parent)];
  };
  const all = (place: Dependency, thread: number) => [
    ...place.holds.map((use) => ({ ...use, by: thread })),
    ...around(thread),
  ];
  return all(one, a).some((mine) =>
    all(other, b).some(
      (theirs) => mine.lock === theirs.lock && mine.by !== theirs.by && [mine.mode, theirs.mode].includes("exclusive"),
    ),
  );
}

/** By walking forward in time from the last thing that the one did: is there a way to the first that the other did? */
function isBefore(graph: LockGraph, a: Exclude<Doer, null>, b: Exclude<Doer, null>): boolean {
  const threads = [...graph.threads.values()];
  const seen = new Set<string>();
  const walk = (thread: number, epoch: number): boolean => {
    if (thread === b.thread && (thread !== a.thread ? epoch <= b.from : false)) return true;
    const key = `${thread} ${epoch}`;
    if (seen.has(key)) return false;
    seen.add(key);
    // The end of this epoch and of all later ones: what is started then, and who joins this thread.
    const started = threads.filter(({ parent, parentEpoch }) => parent === thread && parentEpoch >= epoch);
    if (started.some(({ number }) => walk(number, 0))) return true;
    const self = graph.threads.get(thread);
    return self !== undefined && self.joinedBy !== 0 && walk(self.joinedBy, self.joinedEpoch);
  };
  return walk(a.thread, a.to);
}
