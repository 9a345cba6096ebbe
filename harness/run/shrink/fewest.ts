/*
 *   all ─► nothing? ─► halves (of many: quarters) ─► quarters ─► … ─► single ones: each part is left out once, and stays out if it still fails
 *
 * Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002): ddmin, its complements only, since a part
 * alone seldom fails where parts depend on each other.
 */

const MANY = 8;

/**
 * Finds a subset of `all` that still fails and of which nothing can be left out any more. Yields one candidate after another, in
 * the order of `all`, and wants to be told whether it still fails; returns the subset. It runs nothing itself, and can be left
 * at any time: the last candidate that failed is the best so far. No candidate comes twice, and `all` is taken to fail.
 * @param closed takes out of a subset what cannot be there without something else that is missing
 */
export function* fewest(
  all: readonly string[],
  closed: (some: readonly string[]) => readonly string[] = (some) => some,
): Generator<readonly string[], readonly string[], boolean> {
  const tried = new Set<string>([JSON.stringify(all)]);
  let kept = all;
  if (kept.length > 0 && (yield [])) return [];
  tried.add("[]");
  // Of many, several are needed most often, and they are seldom all in one half.
  for (let parts = all.length > MANY ? 4 : 2; kept.length > 1; ) {
    const before = kept.length;
    for (const part of split(kept, parts)) {
      const candidate = closed(kept.filter((one) => !part.includes(one)));
      const key = JSON.stringify(candidate);
      if (candidate.length >= kept.length || tried.has(key)) continue;
      tried.add(key);
      if (yield candidate) kept = candidate;
    }
    if (kept.length < before) parts = Math.max(2, Math.min(parts, kept.length));
    else if (parts >= kept.length) return kept;
    else parts = Math.min(kept.length, parts * 2);
  }
  return kept;
}

function split(items: readonly string[], parts: number): string[][] {
  const size = Math.ceil(items.length / parts);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
