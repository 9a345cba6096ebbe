import type { Dependency } from "../graph.ts";

/**
 * The stack that was kept when a lock was taken that a thread now holds: to take it, the thread had wanted it while it held the others
 * before it.
 * @param index in `dependency.holds`
 * @returns its number in `LockGraph.stacks`; null: that moment was not written down
 */
export function heldStack(dependencies: readonly Dependency[], dependency: Dependency, index: number): number | null {
  const held = dependency.holds[index];
  if (!held) return null;
  const before = dependency.holds.slice(0, index);
  const found = dependencies.find(
    ({ thread, wants, holds }) =>
      thread === dependency.thread &&
      wants.lock === held.lock &&
      wants.site === held.site &&
      wants.mode === held.mode &&
      holds.length === before.length &&
      holds.every(({ lock, site }, i) => lock === before[i]?.lock && site === before[i]?.site),
  );
  return found?.stack ?? null;
}
