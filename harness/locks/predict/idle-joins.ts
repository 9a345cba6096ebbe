import { addTo } from "../../base/group-by.ts";
import type { Dependency, LockGraph } from "../graph.ts";
import type { Candidate } from "./candidates.ts";
import { type Places, placeOf } from "./places.ts";

/** One thread that had ended when it was joined may have been lucky; with so many somebody looks first. */
const NO_LUCK = 2;

/**
 * Joins that never had to wait, in one place, for several threads. That is how a program joins whom it has seen to end by a flag, which the
 * library does not see: nobody waits there for a thread that could still want a lock. Cycles with such a join are not told, but counted as such.
 */
export class IdleJoins {
  readonly #joins = new Map<string, Dependency[]>();
  readonly #left = new Set<string>();

  constructor({ dependencies }: Pick<LockGraph, "dependencies">) {
    for (const one of dependencies) if (one.wants.kind === "thread") addTo(this.#joins, keyOf(one), one);
  }

  /** Is one of the sides such a join? */
  leaveOut(sides: readonly Candidate[], places: Places): boolean {
    const idle = sides.find(({ joins, dependency }) => joins !== null && this.#isIdle(dependency));
    if (!idle) return false;
    const threads = this.#threads(idle.dependency).size;
    this.#left.add(
      `a cycle with a join that never waited is not told: ${idle.pattern} joined ${threads} threads in ` +
        `${placeOf(places.of(idle.dependency))}, and each had ended by then`,
    );
    return true;
  }

  /** What was left out, in words. */
  get left(): readonly string[] {
    return [...this.#left];
  }

  #isIdle(join: Dependency): boolean {
    const alike = this.#joins.get(keyOf(join)) ?? [];
    return alike.every(({ waited }) => !waited) && this.#threads(join).size >= NO_LUCK;
  }

  #threads(join: Dependency): Set<string> {
    return new Set((this.#joins.get(keyOf(join)) ?? []).map(({ wants }) => wants.lock));
  }
}

/** By the same thread or pool, with the same in hand, in the same place. */
function keyOf({ thread, wants, holds }: Dependency): string {
  return [thread, wants.site, ...holds.map(({ site, mode }) => `${mode} ${site}`)].join(" ");
}
