import type { LongWait } from "../../journal/prediction.ts";
import type { LockGraph } from "../graph.ts";
import { threadPattern } from "./candidates.ts";
import { Letters, namedHolds } from "./naming.ts";
import { type Places, placeOf } from "./places.ts";

/**
 * Where a lock was held while its thread waited for something else: the longest first, those of the same functions together.
 *
 * @param since the run's clock at `graph.started`, ms
 */
export function longWaits({ waits }: Pick<LockGraph, "waits">, places: Places, since: number): LongWait[] {
  const merged = new Map<string, LongWait>();
  for (const wait of waits) {
    const one: LongWait = {
      thread: threadPattern(wait.thread),
      for: wait.for,
      longest: wait.longest,
      count: wait.count,
      at: wait.at + since,
      holds: namedHolds(wait, new Letters(), places),
      ...places.of(wait),
      stack: places.stack(wait),
    };
    const key = keyOf(one);
    const own = merged.get(key);
    const longer = own && own.longest >= one.longest ? own : one;
    merged.set(key, { ...longer, count: one.count + (own?.count ?? 0) });
  }
  return [...merged.values()].sort((a, b) => b.longest - a.longest);
}

function keyOf(wait: LongWait): string {
  const { thread, for: what, holds } = wait;
  const held = holds.map((use) => [use.kind, use.mode, placeOf(use)]);
  return JSON.stringify([thread, what, placeOf(wait), held]);
}
