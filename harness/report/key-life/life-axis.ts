import { round } from "../timeline/time-scale.ts";
import type { NumberedMoment } from "./key-life.ts";

/** Distance of two neighbouring moments in the drawing: long silences are shortened, short ones stay visible. */
const LEAST = 24;
const MOST = 80;

export interface LifeAxis {
  /** Right end of the axis. */
  width: number;
  /** Labelled moments, in order. */
  ticks: readonly { t: number; x: number }[];
  x(t: number): number;
}

/**
 * An axis on which order and overlap are true and lengths are not: between two neighbouring moments lie at least LEAST and at
 * most MOST units, so that a write, a flush and a read within 3 ms can be told apart although the next read comes a minute later.
 * @param left x of the first moment
 */
export function lifeAxis(moments: readonly NumberedMoment[], left: number): LifeAxis {
  const times = [...new Set(moments.flatMap(({ from, to }) => (to === null ? [from] : [from, to])))].sort(
    (a, b) => a - b,
  );
  const places: { t: number; x: number }[] = [];
  for (const t of times) {
    const before = places.at(-1);
    places.push({ t, x: before ? round(before.x + step(t - before.t)) : left });
  }
  const x = (t: number): number => {
    const after = places.findIndex((place) => place.t >= t);
    const [a, b] = [places[after - 1], places[after]];
    if (!b) return (places.at(-1)?.x ?? left) + (t === Infinity ? MOST : 0);
    return !a || b.t === t ? b.x : round(a.x + ((t - a.t) / (b.t - a.t)) * (b.x - a.x));
  };
  return { width: (places.at(-1)?.x ?? left) + MOST, ticks: spaced(places), x };
}

function step(gap: number): number {
  return Math.min(MOST, Math.max(LEAST, 18 * Math.log2(1 + gap)));
}

/** Labels must not overlap. */
function spaced(places: readonly { t: number; x: number }[]): { t: number; x: number }[] {
  const shown: { t: number; x: number }[] = [];
  for (const place of places) if (place.x - (shown.at(-1)?.x ?? -Infinity) >= 58) shown.push(place);
  return shown;
}
