/**
 * Monotonic time of one run, in milliseconds since the run's origin.
 * The origin is an `hrtime` reading, so it means the same in every worker thread of the process.
 */
export interface Clock {
  readonly origin: bigint;
  now(): number;
}

/** A clock that starts now, or that continues one whose origin came from another thread. */
export function monotonicClock(origin: bigint = process.hrtime.bigint()): Clock {
  return { origin, now: () => Number(process.hrtime.bigint() - origin) / 1e6 };
}
