import type { Range } from "../../base/units.ts";

/* Values of an experiment file by how they are written: "5s", "1s..3s", "1KiB", "10%", "200/s", or a number. */

const QUANTITY = /^(\d+(?:\.\d+)?)(us|ms|s|m|h|B|KiB|MiB|GiB|KB|MB|GB|%|k?\/s)?$/;
const SCALES: Readonly<Record<string, readonly [unit: string, size: number][]>> = {
  duration: [
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
    ["ms", 1],
    ["us", 0.001],
  ],
  size: [
    ["GB", 1e9],
    ["MB", 1e6],
    ["KB", 1e3],
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
    ["B", 1],
  ],
  percentage: [["%", 1]],
  rate: [
    ["k/s", 1000],
    ["/s", 1],
  ],
  number: [["", 1]],
};

/** A value and the kind of unit that it was written with: milliseconds, bytes, percent, per second, or nothing. */
export interface Quantity {
  kind: string;
  value: number;
}

/** null: it is no quantity, or a range. */
export function quantityOf(written: unknown): Quantity | null {
  if (typeof written === "number") return { kind: "number", value: written };
  const [, digits, unit] = (typeof written === "string" && QUANTITY.exec(written.trim())) || [];
  if (digits === undefined || unit === undefined) return null;
  for (const [kind, units] of Object.entries(SCALES)) {
    const size = units.find(([name]) => name === unit)?.[1];
    if (size !== undefined) return { kind, value: Number(digits) * size };
  }
  return null;
}

/** The ends of a range, or one quantity twice; null: it is neither. */
export function rangeOf(written: unknown): (Range & { kind: string }) | null {
  const [low, high] = typeof written === "string" ? written.split("..") : [written];
  const [min, max] = [quantityOf(low), quantityOf(high ?? low)];
  return min && max && min.kind === max.kind ? { kind: min.kind, min: min.value, max: max.value } : null;
}

/** As a person would write it: in the largest unit that leaves it short. */
export function written({ kind, value }: Quantity): string | number {
  if (kind === "number") return value;
  const units = SCALES[kind] as (typeof SCALES)[string];
  const last = units.at(-1) as readonly [string, number];
  const [unit, size] = units.find(([, one]) => value >= one && Number.isInteger((value / one) * 10)) ?? last;
  return `${Math.round((value / size) * 1000) / 1000}${unit}`;
}

/** 1, 2, 5, 10, 20, …: those above `low` and below `high`, and before them `low` itself where it is less than `high`. */
export function roundNumbers(low: number, high: number): number[] {
  if (low >= high) return [];
  const found = [low];
  for (let power = 10 ** Math.floor(Math.log10(Math.max(low, 1))); power < high; power *= 10) {
    for (const digit of [1, 2, 5]) if (digit * power > low && digit * power < high) found.push(digit * power);
  }
  return found;
}
