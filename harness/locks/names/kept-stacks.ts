import type { Dependency, LockUse } from "../graph.ts";

/**
 * Which of the kept stacks shows where a thread took or wanted a lock: to take what it holds now, it had once wanted it while it held the
 * others before it. Where that moment has no stack, it is another one of threads of that name at the same call.
 */
export class KeptStacks {
  /** By moment: number in `LockGraph.stacks`. */
  readonly #numbers = new Map<string, number>();

  constructor(dependencies: readonly Dependency[]) {
    for (const { thread, holds, wants, stack } of dependencies) {
      if (stack === null) continue;
      for (const moment of moments(thread, holds, wants)) {
        if (!this.#numbers.has(moment)) this.#numbers.set(moment, stack);
      }
    }
  }

  /** @param held before, outermost first. null: none was kept */
  find(thread: string, held: readonly LockUse[], use: LockUse): number | null {
    const known = moments(thread, held, use).find((moment) => this.#numbers.has(moment));
    return known === undefined ? null : (this.#numbers.get(known) ?? null);
  }
}

/** The same moment, the same calls with other locks of their kind, and the same lock with whatever was held; in the order of trust. */
function moments(thread: string, holds: readonly LockUse[], { lock, mode, site }: LockUse): string[] {
  const held = holds.map((use) => [use.lock, use.site]);
  const sites = holds.map((use) => use.site);
  return [
    [thread, mode, site, lock, held],
    [thread, mode, site, sites],
    [thread, mode, site, lock],
  ].map((moment) => JSON.stringify(moment));
}
