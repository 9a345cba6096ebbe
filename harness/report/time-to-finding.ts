/** From the beginning of chaos to that of the first finding, ms (0 for one that began before); null without either. */
export function timeToFinding(chaosFrom: number | undefined, findings: readonly { from: number }[]): number | null {
  if (chaosFrom === undefined || findings.length === 0) return null;
  return Math.max(0, Math.min(...findings.map(({ from }) => from)) - chaosFrom);
}

/** The middle value, the lower one of two; null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
