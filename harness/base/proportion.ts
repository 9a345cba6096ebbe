/** A proportion that was observed: `k` of `n`, and between which shares (0..1) the true one lies with 95 % confidence. */
export interface Proportion {
  k: number;
  n: number;
  low: number;
  high: number;
}

/** 95 % of a normal distribution lie within so many standard deviations. */
const Z = 1.959964;

/**
 * Wilson's score interval: unlike the textbook one it is right for few observations, and for none or all of them.
 * Of no observation at all nothing is known: 0 to 1.
 */
export function proportion(k: number, n: number): Proportion {
  if (n === 0) return { k, n, low: 0, high: 1 };
  const share = k / n;
  const scale = 1 + Z ** 2 / n;
  const middle = (share + Z ** 2 / (2 * n)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  return { k, n, low: k === 0 ? 0 : Math.max(0, middle - half), high: k === n ? 1 : Math.min(1, middle + half) };
}

/** "2 of 3 (95 %: 21 % to 94 %)"; "0 of 0" has no interval. */
export function proportionText({ k, n, low, high }: Proportion): string {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  return n === 0 ? "0 of 0" : `${k} of ${n} (95 %: ${percent(low)} to ${percent(high)})`;
}
