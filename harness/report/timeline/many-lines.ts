import { groupBy } from "../../base/group-by.ts";
import type { Series } from "./time-scale.ts";

/** Two times the six colours with their dashes: more lines cannot be told apart. */
const MOST = 12;
const NAMED = 5;
/** Part of the chart's height by which a line leaves the others at some moment; less is the width of the bundle. */
const APART = 0.08;
const MOMENTS = 200;

export interface ToldApart {
  /** In the order in which they are drawn: what is named lies on top. */
  drawn: readonly Series[];
  legend: readonly { label: string; mark: string }[];
}

/**
 * Where there are too many lines to tell all of them apart, those that leave the others the furthest are named in colours of their own, and all
 * others are drawn alike: what somebody looks for in thirty lines is the one that is not where the others are.
 * @param part of the chart's height at which a value lies, 0 to 1
 */
export function tellApart(series: readonly Series[], part: (value: number) => number): ToldApart {
  if (series.length <= MOST) return { drawn: series, legend: series.map(({ label, mark }) => ({ label, mark })) };
  const distances = distancesOf(series, part);
  const named = series
    .map((one, i) => ({ one, distance: distances[i] ?? 0 }))
    .filter(({ distance }) => distance > APART)
    .sort((a, b) => b.distance - a.distance)
    .slice(0, NAMED)
    .map(({ one }, i) => ({ ...one, mark: `s${i + 1}` }));
  const names = new Set(named.map(({ label }) => label));
  const others = series.filter(({ label }) => !names.has(label)).map((one) => ({ ...one, mark: "s-rest" }));
  const rest = {
    label: names.size === 0 ? `all ${others.length}, close together` : `${others.length} others`,
    mark: "s-rest",
  };
  return {
    drawn: [...others, ...named.toReversed()],
    legend: [...named.map(({ label, mark }) => ({ label, mark })), rest],
  };
}

/** How far each line was from the middle one, at the moment when it was the furthest. */
function distancesOf(series: readonly Series[], part: (value: number) => number): number[] {
  const times = series.flatMap(({ points }) => points.map(([t]) => t)).sort((a, b) => a - b);
  const [from = 0, to = 0] = [times[0], times.at(-1)];
  const width = Math.max(1, (to - from) / MOMENTS);
  const places = series.flatMap(({ points }, line) =>
    points
      .filter(([, value]) => !Number.isNaN(value))
      .map(([t, value]) => ({ line, moment: Math.floor((t - from) / width), at: part(value) })),
  );
  const distances = series.map(() => 0);
  for (const beside of groupBy(places, ({ moment }) => moment).values()) {
    const sorted = beside.map(({ at }) => at).sort((a, b) => a - b);
    const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
    for (const { line, at } of beside) distances[line] = Math.max(distances[line] ?? 0, Math.abs(at - middle));
  }
  return distances;
}
