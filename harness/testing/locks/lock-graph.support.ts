import type { LockSite } from "../../journal/prediction.ts";
import type { Dependency, HeldWait, LockGraph, LockKind, LockMode, LockThread, LockUse } from "../../locks/graph.ts";
import { isWrapper } from "../../locks/names/fold-frames.ts";
import type { Naming } from "../../locks/predict/places.ts";

/** A dependency in words; what is left out is of no matter. */
export interface SaidDependency {
  /** Numbers of the threads; with the first and last epoch of each where that matters. */
  by: readonly (number | readonly [thread: number, from: number, to: number])[];
  many?: boolean;
  /** Left out: the name of the first of its threads. */
  thread?: string;
  /** "A" a mutex, "A:r" and "A:w" a rwlock, "thread 2"; "A in Server::Stop" with the function that takes it. */
  holds?: readonly string[];
  wants: string;
  prefersWriter?: boolean;
  itself?: boolean;
  cut?: boolean;
  waited?: boolean;
  count?: number;
  at?: readonly number[];
  stack?: number;
}

export interface SaidGraph {
  /** Numbered from 1. */
  threads: readonly (string | Partial<LockThread>)[];
  dependencies: readonly SaidDependency[];
  waits?: readonly (Omit<HeldWait, "holds" | "site" | "total"> & { holds: readonly string[]; in: string })[];
  /** Function names of stacks, by their numbers. */
  stacks?: Readonly<Record<number, readonly string[]>>;
}

/** A graph as the library would have written it down, and the names of its call sites. */
export function lockGraph({ threads, dependencies, waits = [], stacks = {} }: SaidGraph): {
  graph: LockGraph;
  naming: Naming;
} {
  const functions: string[] = [];
  const siteOf = (name: string): number => {
    if (!functions.includes(name)) functions.push(name);
    return 0x1000 + functions.indexOf(name);
  };
  const all = threads.map((thread, i) => asThread(thread, i + 1));
  const nameOf = (number: number): string => all[number - 1]?.name ?? "?";
  const graph = graphOf(
    all,
    dependencies.map(
      ({ by, holds = [], wants, thread, many = false, prefersWriter = false, itself = false, ...rest }): Dependency => {
        const doers = by.map((one) => (typeof one === "number" ? [one, 0, 0] : one));
        return {
          thread: thread ?? nameOf(doers[0]?.[0] ?? 0),
          by: doers.map(([number = 0, from = 0, to = 0]) => ({ thread: number, from, to })),
          many,
          wants: asUse(wants, siteOf),
          holds: holds.map((use) => asUse(use, siteOf)),
          prefersWriter,
          itself,
          cut: rest.cut ?? false,
          waited: rest.waited ?? true,
          count: rest.count ?? 1,
          at: rest.at ?? [],
          stack: rest.stack ?? null,
        };
      },
    ),
    waits.map(({ in: name, holds, ...wait }) => ({
      ...wait,
      holds: holds.map((use) => asUse(use, siteOf)),
      site: siteOf(name),
      total: wait.longest,
    })),
  );
  const naming = namingOf("/usr/bin/server", (address) => functions[address - 0x1000] ?? null, stacks);
  return { graph, naming };
}

/** @param functionAt the name at a call site @param stacks by number: names of functions, innermost first */
export function namingOf(
  module: string,
  functionAt: (address: number) => string | null,
  stacks: Readonly<Record<number, readonly string[]>>,
): Naming {
  const asSite = (name: string | null, offset: number): LockSite => ({ module, offset, function: name, source: null });
  return {
    places: async (calls) =>
      calls.map(({ site, stack }) => {
        const name = functionAt(site);
        const caller = isWrapper(name ?? "") ? stacks[stack ?? 0]?.find((frame) => !isWrapper(frame)) : undefined;
        return { site: asSite(name, site), caller: caller === undefined ? null : asSite(caller, 0) };
      }),
    stacks: async () => new Map(Object.entries(stacks).map(([number, names]) => [Number(number), { names }])),
    problems: [],
  };
}

/** A graph of which only these matter. */
export function graphOf(
  threads: readonly LockThread[],
  dependencies: readonly Dependency[],
  waits: readonly HeldWait[] = [],
): LockGraph {
  return {
    pid: 1,
    executable: "/usr/bin/server",
    started: 0,
    maps: "",
    threads: new Map(threads.map((thread) => [thread.number, thread])),
    dependencies,
    waits,
    holding: [],
    stacks: new Map(),
    lost: [],
  };
}

function asThread(thread: string | Partial<LockThread>, number: number): LockThread {
  const said = typeof thread === "string" ? { name: thread } : thread;
  const made = { parent: 0, parentEpoch: 0, joinedBy: 0, joinedEpoch: 0, within: [] };
  return { number, tid: number, name: "", routine: 0, ...made, ...said };
}

function asUse(said: string, siteOf: (name: string) => number): LockUse {
  const [what = "", name = "f"] = said.split(" in ");
  const [lock = "", as] = what.split(":");
  const kind: LockKind = lock.startsWith("thread ") ? "thread" : as === undefined ? "mutex" : "rwlock";
  const mode: LockMode = as === "r" ? "shared" : "exclusive";
  return { lock, kind, mode, site: siteOf(name) };
}
