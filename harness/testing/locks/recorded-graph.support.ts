import { readFileSync } from "node:fs";
import path from "node:path";
import type { Dependency, LockGraph, LockThread } from "../../locks/graph.ts";
import type { Naming } from "../../locks/predict/places.ts";
import { namingOf } from "./lock-graph.support.ts";

/** Modes of programs/deadlock.c, and the replica's tour of Kvrocks 2.9.0. */
export type RecordedGraph = "switch" | "readers" | "flush" | "idle" | "busy" | "kvrocks";

interface Recorded extends Omit<LockGraph, "threads" | "dependencies" | "maps" | "stacks" | "executable"> {
  threads: readonly Omit<LockThread, "routine" | "within">[];
  dependencies: readonly Omit<Dependency, "cut" | "waited">[];
  /** Address of a call site → the function it is in; null: of no name. */
  functions: Readonly<Record<string, string | null>>;
  /** By number: names of functions, innermost first. */
  stacks?: Readonly<Record<number, readonly string[]>>;
}

/**
 * What the library wrote of programs/deadlock.c in less than a second each, read by graph-file.ts: three that hang (`switch`, `readers`,
 * `flush`), two that do not. Of the server only what its predictions consist of, and who else took these locks. Call sites are as addr2line
 * named them, stacks as gdb did.
 */
export function recordedGraph(mode: RecordedGraph): { graph: LockGraph; naming: Naming } {
  const text = readFileSync(path.join(import.meta.dirname, "../recorded", `locks-${mode}.json`), "utf8");
  const { functions, threads, dependencies, stacks = {}, ...rest }: Recorded = JSON.parse(text);
  const graph: LockGraph = {
    ...rest,
    executable: "/deadlock",
    maps: "",
    threads: new Map(threads.map((thread) => [thread.number, { routine: 0, ...thread, within: [] }])),
    dependencies: dependencies.map((one) => ({ ...one, cut: false, waited: true })),
    stacks: new Map(),
  };
  const naming = namingOf("/deadlock", (address) => functions[address] ?? null, stacks);
  return { graph, naming };
}
