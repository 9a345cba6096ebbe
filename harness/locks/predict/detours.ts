import type { Prediction } from "../../journal/prediction.ts";
import type { Dependency, LockUse } from "../graph.ts";

export interface KnownCycle {
  /** By side: what it is called in any run. */
  keys: readonly string[];
  /** By side: every dependency that was one. */
  members: readonly ReadonlySet<Dependency>[];
  prediction: Pick<Prediction, "sides" | "needsWriter">;
}

/*
 *   flushall holds A, wants B ──► flushdb holds B, wants C ──► info holds C, wants A
 *   flushall holds A and B, wants C ───────────────────────►  info holds C, wants A
 *   The first is a detour of the second: flushall gets to C by way of B, and needs nobody to hold that.
 */

/** Those of which none shorter says nearly the same: one side goes on from where it waits in the longer one, and then waits for another. */
export function withoutDetours<T extends KnownCycle>(cycles: readonly T[]): T[] {
  // What needs still more to come about replaces nothing.
  const sure = cycles.filter(({ prediction }) => !prediction.needsWriter && !hasEnded(prediction));
  return cycles.filter((cycle) => !sure.some((shorter) => isDetour(cycle, shorter)));
}

/** Has a side never waited for the thread that it joins? */
export function hasEnded({ sides }: Pick<Prediction, "sides">): boolean {
  return sides.some(({ alreadyEnded }) => alreadyEnded);
}

function isDetour(longer: KnownCycle, shorter: KnownCycle): boolean {
  const count = shorter.keys.length;
  if (count < 2 || count >= longer.keys.length) return false;
  return shorter.keys.some((_, i) => {
    const others = shorter.keys.filter((_, j) => j !== i);
    if (!others.every((key) => longer.keys.includes(key))) return false;
    const before = longer.keys.indexOf(shorter.keys.at(i - 1) ?? "");
    return goesOn([...(longer.members[(before + 1) % longer.keys.length] ?? [])], shorter.members[i] ?? new Set());
  });
}

/** Does a thread pass one of these places on its way to one of those? */
function goesOn(places: readonly Dependency[], later: ReadonlySet<Dependency>): boolean {
  return [...later].some(({ holds }) => {
    const taken = new Set(holds.map(textOf));
    return places.some((place) => taken.has(textOf(place.wants)) && place.holds.every((use) => taken.has(textOf(use))));
  });
}

function textOf({ lock, mode, site }: LockUse): string {
  return `${lock} ${mode} ${site}`;
}
