import { ChaosError } from "../base/chaos-error.ts";
import { parseDuration } from "../base/units.ts";

/** An option that is a number of runs. */
export function readCount(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ChaosError("usage", `${option} ${value}: expected a whole number from 1 on`);
}

/** An option that is a duration, ms; without end where it is not given. */
export function readDuration(option: string, text: string | undefined): number {
  const duration = text === undefined ? Number.POSITIVE_INFINITY : parseDuration(text);
  if (duration !== undefined && duration > 0) return duration;
  throw new ChaosError("usage", `${option} ${text}: expected a duration with a unit, like "30m"`);
}
