import type { Random } from "../../base/random.ts";

/** One of these, each by its weight. */
export function weighted<T>(random: Random, items: readonly (readonly [item: T, weight: number])[]): T {
  const all = items.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random.between(0, all);
  for (const [item, weight] of items) {
    left -= weight;
    if (left < 0) return item;
  }
  return (items.at(-1) as (typeof items)[number])[0];
}

export function maybe(random: Random, chance: number): boolean {
  return random.next() < chance;
}

/** Between the two, small ones as often as large ones, with two digits. */
function spread(random: Random, min: number, max: number): number {
  return Number(Math.exp(random.between(Math.log(min), Math.log(max))).toPrecision(2));
}

/** "340ms", "2.1s" */
export function time(random: Random, min: number, max: number): string {
  const ms = spread(random, min, max);
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(2))}s` : `${Math.round(ms)}ms`;
}

/** "64KB" */
export function bytes(random: Random, min: number, max: number): string {
  const size = spread(random, min, max);
  for (const [unit, one] of [
    ["MB", 1e6],
    ["KB", 1e3],
  ] as const)
    if (size >= one) return `${Number((size / one).toPrecision(2))}${unit}`;
  return `${Math.round(size)}B`;
}

/** A random half, and at least one. */
export function half<T>(random: Random, items: readonly T[]): T[] {
  const some = items.filter(() => maybe(random, 0.5));
  return some.length > 0 || items.length === 0 ? some : [random.pick(items)];
}
