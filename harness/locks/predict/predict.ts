import { createHash } from "node:crypto";
import type { Prediction } from "../../journal/prediction.ts";
import type { Dependency, LockGraph } from "../graph.ts";
import type { Candidate } from "./candidates.ts";
import { closest } from "./closest.ts";
import { findCycles, LONGEST_CYCLE, type LockCycle } from "./cycles.ts";
import { hasEnded, withoutDetours } from "./detours.ts";
import { IdleJoins } from "./idle-joins.ts";
import { Letters, namedSide, type SideDetails } from "./naming.ts";
import { type Places, placeOf } from "./places.ts";

/** More cycles of different functions are not told. */
const MOST_GROUPS = 2000;
/** In the name of a cycle; JSON has none. */
const BETWEEN_SIDES = "\n";

export interface Predictions {
  /** The closest first, but last those of which a side has never waited for the thread that it joins. */
  predictions: Prediction[];
  /** What was not looked at or is not told, in words. */
  incomplete: string[];
}

/** Cycles of the same functions. */
interface Group extends LockCycle {
  gap: number | null;
  /** The sets of locks of such cycles. */
  locks: Set<string>;
  /** By side: every dependency that was one. */
  members: Set<Dependency>[];
}

/** All that is a side of a cycle, or stands as a writer between two. */
export function inCycles(graph: LockGraph): Set<Dependency> {
  const all = new Set<Dependency>();
  findCycles(graph, ({ sides, writers }) => {
    for (const { dependency } of sides) all.add(dependency);
    for (const { dependency } of writers) all.add(dependency);
  });
  return all;
}

/**
 * What threads have shown that they can do to each other, although nothing hung.
 *
 * @param places of what `inCycles` gives @param since the run's clock at `graph.started`, ms
 */
export function predict(graph: LockGraph, places: Places, since: number): Predictions {
  const groups = new Map<string, Group>();
  let room = true;
  const idle = new IdleJoins(graph);
  const complete = findCycles(graph, (cycle) => {
    if (idle.leaveOut(cycle.sides, places)) return;
    const { key, first } = rotation(cycle.sides.map((_, i) => sideKey(cycle.sides, i, places)));
    if (groups.has(key) || groups.size < MOST_GROUPS) join(groups, key, turned(asGroup(cycle), first));
    else room = false;
  });
  const all = [...groups].map(([key, group]) => ({
    ...{ keys: key.split(BETWEEN_SIDES), members: group.members },
    prediction: toPrediction(signatureOf(key), group, places, since),
  }));
  const predictions = withoutDetours(all).map(({ prediction }) => prediction);
  return { predictions: predictions.sort(byCloseness), incomplete: [...whatIsMissing(complete, room), ...idle.left] };
}

function whatIsMissing(complete: boolean, room: boolean): string[] {
  if (!room) return [`more than ${MOST_GROUPS} cycles of different functions: the others are not told`];
  if (complete) return [];
  return [`the locks hang together in so many ways that not every cycle of up to ${LONGEST_CYCLE} locks was looked at`];
}

function byCloseness(a: Prediction, b: Prediction): number {
  const [one, other] = [a.gap ?? Number.MAX_SAFE_INTEGER, b.gap ?? Number.MAX_SAFE_INTEGER];
  return (
    Number(hasEnded(a)) - Number(hasEnded(b)) ||
    one - other ||
    a.sides.length - b.sides.length ||
    (a.signature < b.signature ? -1 : 1)
  );
}

function asGroup({ sides, writers }: LockCycle): Group {
  const dependencies = [...sides, ...writers].map(({ dependency }) => dependency);
  const locks = sides.map(({ dependency }) => dependency.wants.lock).sort();
  return {
    sides,
    writers,
    gap: closest(dependencies.map(({ at }) => at)),
    locks: new Set([locks.join(" ")]),
    members: sides.map(({ dependency }) => new Set([dependency])),
  };
}

/** One more of the same; which of them came closest stands for all. */
function join(groups: Map<string, Group>, key: string, group: Group): void {
  const own = groups.get(key);
  if (!own) {
    groups.set(key, group);
    return;
  }
  for (const one of group.locks) own.locks.add(one);
  for (const [i, members] of group.members.entries()) for (const one of members) own.members[i]?.add(one);
  if (group.gap === null || (own.gap !== null && own.gap <= group.gap)) return;
  own.sides = group.sides;
  own.writers = group.writers;
  own.gap = group.gap;
}

function turned(group: Group, first: number): Group {
  const turn = <T>(all: readonly T[]): T[] => [...all.slice(first), ...all.slice(0, first)];
  return { ...group, sides: turn(group.sides), members: turn(group.members) };
}

/** A cycle has no beginning: that which gives the lowest text, and the text. */
function rotation(parts: readonly string[]): { key: string; first: number } {
  const all = parts.map((_, first) => ({
    key: [...parts.slice(first), ...parts.slice(0, first)].join(BETWEEN_SIDES),
    first,
  }));
  return all.reduce((lowest, one) => (one.key < lowest.key ? one : lowest), all[0] ?? { key: "", first: 0 });
}

/** How side `i` holds what the side before it wants, by its place in `holds`; -1: that waits for this thread's end. */
function heldIndex(sides: readonly Candidate[], i: number): number {
  const before = sides.at(i - 1);
  const holds = sides[i]?.dependency.holds ?? [];
  const uses = holds.filter(({ lock }) => lock === before?.dependency.wants.lock);
  const use = uses.find(({ mode }) => mode === "exclusive") ?? uses[0];
  return use ? holds.indexOf(use) : -1;
}

/** What the same functions have in common, in any run. One that waits for a thread's end goes first. */
function sideKey(sides: readonly Candidate[], i: number, places: Places): string {
  const side = sides[i];
  if (!side) return "";
  const { dependency, pattern } = side;
  const { wants, holds } = dependency;
  const index = heldIndex(sides, i);
  const held = holds[index];
  const taken = held ? [held.kind, held.mode, placeOf(places.held(dependency, index))] : ["its own end"];
  const how = wants.kind === "thread" ? ["", "the end of a thread"] : [wants.kind, wants.mode];
  return JSON.stringify([...how, placeOf(places.of(dependency)), pattern, ...taken]);
}

function signatureOf(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 12);
}

function toPrediction(signature: string, group: Group, places: Places, zero: number): Prediction {
  const { sides, writers, members } = group;
  const letters = new Letters();
  // What the cycle is about has the first letters.
  for (const [i, { dependency }] of sides.entries()) {
    const held = dependency.holds[heldIndex(sides, i)];
    if (held) letters.of(held);
  }
  const details = (i: number): SideDetails => ({
    ends: sides[i]?.joins === null ? null : (sides[(i + 1) % sides.length]?.pattern ?? null),
    all: members[i] ?? [],
    zero,
  });
  return {
    signature,
    kind: sides.length === 1 ? "itself" : "cycle",
    sides: sides.map((side, i) => namedSide(side, details(i), letters, places)),
    needsWriter: writers.length > 0,
    writers: writers.map((writer) => namedSide(writer, { ends: null, all: [], zero }, letters, places)),
    gap: group.gap,
    instances: group.locks.size,
  };
}
