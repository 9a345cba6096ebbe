import type { Span } from "../base/span.ts";
import type { RunRecord } from "../journal/record.ts";

/** More of a stretch than this spent starved, and nothing can be concluded from it. */
const MOST_SHARE = 0.2;

/**
 * "the harness was starved for 34 %", where it, or its watch over this node, was starved for so much of a stretch that nothing can be
 * concluded from it; null: it was not.
 */
export function tooStarved({ view }: RunRecord, span: Span, node?: string): string | null {
  const share = view.starvedShare(span, node);
  return share > MOST_SHARE ? `the harness was starved for ${Math.round(share * 100)} %` : null;
}
