import { formatCount } from "../../base/units.ts";
import type { RunRecord } from "../../journal/record.ts";

/** A node has the same colour and dashes in every lane. */
export function nodeMarks(record: RunRecord): (node: string) => string {
  const names = record.last("cluster")?.nodes.map((node) => node.name) ?? [];
  return (node) => `s${(Math.max(0, names.indexOf(node)) % 6) + 1}`;
}

/** A duration on an axis. */
export function milliseconds(value: number): string {
  if (value >= 1000) return `${formatCount(value / 1000)} s`;
  return `${value >= 10 ? formatCount(value) : Number(value.toPrecision(1))} ms`;
}

/** 12,300 → "12.3k" */
export function compact(value: number): string {
  for (const [size, unit] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (value >= size) return `${Number((value / size).toPrecision(3))}${unit}`;
  }
  return String(Number(value.toPrecision(3)));
}
