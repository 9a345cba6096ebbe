/**
 * Monotonic time of one run, in milliseconds since the run's origin.
 * The origin is an `hrtime` reading, so it means the same in every worker thread of the process.
 */
export interface Clock {
  readonly origin: bigint;
  now(): number;
}

/** Milliseconds since 1970, as the servers of this machine know them. */
export const wallClock = (): number => Date.now();

/** The wall clock less a run's, ms: the same at any time, unless somebody sets the wall clock. */
export function wallClockLess(clock: Clock): number {
  // Whoever is interrupted between the two looks at clocks finds too little.
  return Math.max(...Array.from({ length: 5 }, () => wallClock() - clock.now()));
}

/** A clock that starts now, or that continues one whose origin came from another thread. */
export function monotonicClock(origin: bigint = process.hrtime.bigint()): Clock {
  return { origin, now: () => Number(process.hrtime.bigint() - origin) / 1e6 };
}
