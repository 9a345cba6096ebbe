import type { Outcomes } from "./events/load-events.ts";

/** Nothing has become of anything. */
export const NO_OUTCOMES: Readonly<Outcomes> = { ok: 0, fail: 0, info: 0, errors: {} };

/** Both together; a new object. */
export function addOutcomes(a: Readonly<Outcomes>, b: Readonly<Outcomes>): Outcomes {
  const errors = addErrors(a.errors, b.errors);
  return { ok: a.ok + b.ok, fail: a.fail + b.fail, info: a.info + b.info, errors };
}

/** All together. */
export function totalOutcomes(all: readonly Readonly<Outcomes>[]): Outcomes {
  return all.reduce<Outcomes>((sum, one) => addOutcomes(sum, one), NO_OUTCOMES);
}

/** The counts of both; a new object. */
export function addErrors(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) {
  const sum: Record<string, number> = { ...a };
  for (const [kind, count] of Object.entries(b)) addError(sum, kind, count);
  return sum;
}

/** Counts errors of one kind. A server says its first word itself: "constructor" and "__proto__" are words like any other. */
export function addError(sum: Record<string, number>, kind: string, count: number): void {
  const value = (Object.hasOwn(sum, kind) ? (sum[kind] as number) : 0) + count;
  Object.defineProperty(sum, kind, { value, enumerable: true, configurable: true, writable: true });
}
