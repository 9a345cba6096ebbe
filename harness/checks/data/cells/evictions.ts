import type { RunRecord } from "../../../journal/record.ts";

/*
 *   INFO of m1    0 keys    0 keys    31 keys        the first key was dropped somewhere between the second look and the third:
 *                             └─►                    from here on any value may be gone, for a cache is allowed to forget
 */

/** What servers may have dropped because their memory was full. */
export interface Evictions {
  /** Nothing was dropped before then, run ms; -Infinity: it had begun before the first look. */
  from: number;
  /** For people: who, and how much at least. */
  text: string;
}

/**
 * null: no server dropped any of the keys that are asked about, as far as they tell.
 * @param haveDeadlines some of those keys have: policies that are volatile drop no others
 */
export function evictionsOf(record: RunRecord, haveDeadlines: boolean): Evictions | null {
  /** Node → the most keys that it has said. */
  const dropped = new Map<string, number>();
  let from = Infinity;
  const begins = (node: string, t: number, keys: number): void => {
    from = Math.min(from, t);
    dropped.set(node, Math.max(keys, dropped.get(node) ?? 0));
  };
  const ends = record.of("container").filter(({ action }) => action === "die");
  /** Node → its last look: when, and whether it could drop such keys from then on. */
  const last = new Map<string, { t: number; may: boolean }>();
  const looks = record.of("node-state");
  for (const { node, t, state } of looks) {
    const { of = null, keys = 0 } = state.evictions ?? {};
    const may = of === "any-key" || (of === "keys-with-deadlines" && haveDeadlines);
    const before = last.get(node);
    // Whatever a process dropped between its last look and its end, the next one counts from 0.
    if (before?.may && ends.some((end) => end.node === node && end.t > before.t && end.t <= t))
      begins(node, before.t, 0);
    if (may && keys > 0) begins(node, before?.t ?? -Infinity, keys);
    last.set(node, { t, may });
  }
  for (const [node, { t, may }] of last) {
    if (may && ends.some((end) => end.node === node && end.t > t)) begins(node, t, 0);
  }
  if (dropped.size === 0) return null;
  const names = [...dropped].map(([node, keys]) =>
    keys > 0 ? `${node} dropped ${keys} keys or more` : `${node} may have dropped keys before it ended`,
  );
  return { from, text: `${names.join(", ")}, as maxmemory-policy allows it` };
}
