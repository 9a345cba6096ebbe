/** A stretch of run time in milliseconds, `from` ≤ `to`. */
export interface Span {
  from: number;
  to: number;
}

/** How much of a stretch the others cover together, ms. */
export function covered(spans: readonly Span[], within: Span): number {
  let sum = 0;
  let end = within.from;
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const from = Math.max(span.from, end);
    const to = Math.min(span.to, within.to);
    if (to > from) {
      sum += to - from;
      end = to;
    }
  }
  return sum;
}

/** The time that lies in any of the spans, as spans that do not overlap, in order. */
export function joinSpans(some: readonly Span[], more: readonly Span[]): readonly Span[] {
  if (more.length === 0) return some;
  const joined: Span[] = [];
  for (const span of [...some, ...more].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push({ ...span });
  }
  return joined;
}
