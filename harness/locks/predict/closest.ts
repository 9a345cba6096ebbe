/**
 * How close several kinds of events came to each other: the length of the shortest span of time that has one moment of each. null: of one
 * of them no moment is known.
 */
export function closest(moments: readonly (readonly number[])[]): number | null {
  if (moments.some((of) => of.length === 0)) return null;
  const all = moments.flatMap((of, kind) => of.map((at) => ({ at, kind }))).sort((a, b) => a.at - b.at);
  const within = moments.map(() => 0);
  let missing = moments.length;
  let shortest = Number.POSITIVE_INFINITY;
  let begin = 0;
  for (const { at, kind } of all) {
    if (within[kind] === 0) missing--;
    within[kind] = (within[kind] ?? 0) + 1;
    while (missing === 0) {
      const first = all[begin++];
      if (!first) break;
      shortest = Math.min(shortest, at - first.at);
      within[first.kind] = (within[first.kind] ?? 0) - 1;
      if (within[first.kind] === 0) missing++;
    }
  }
  return moments.length === 0 ? null : shortest;
}
