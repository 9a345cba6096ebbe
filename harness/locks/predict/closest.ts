/**
 * How close several kinds of events came to each other: the moments, one of each kind in their order, with the shortest span of time between
 * the first and the last of them; the earliest of such. null: of one of them no moment is known.
 */
export function closestMoments(moments: readonly (readonly number[])[]): number[] | null {
  const all = moments.flatMap((of, kind) => of.map((at) => ({ at, kind }))).sort((a, b) => a.at - b.at);
  const last = new Map<number, number>();
  let shortest = Number.POSITIVE_INFINITY;
  let found: number[] | null = null;
  for (const { at, kind } of all) {
    last.set(kind, at);
    if (last.size < moments.length) continue;
    const length = at - Math.min(...last.values());
    if (length >= shortest) continue;
    shortest = length;
    found = moments.map((_, i) => last.get(i) ?? at);
  }
  return found;
}

/** The length of that span. */
export function closest(moments: readonly (readonly number[])[]): number | null {
  const meeting = closestMoments(moments);
  return meeting === null ? null : Math.max(...meeting) - Math.min(...meeting);
}
