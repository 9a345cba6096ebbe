import { ChaosError } from "../base/chaos-error.ts";
import { parseDuration } from "../base/units.ts";

/** An option that is a number of runs. */
export function readCount(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ChaosError("usage", `${option} ${value}: expected a whole number from 1 on`);
}

/** Runs at the same time; `auto`: as many as the machine carries. */
export type Jobs = number | "auto";

/** @param trials how many runs there are at most: more places than that are of no use */
export function readJobs(text: string, trials = Number.POSITIVE_INFINITY): Jobs {
  if (text === "auto") return trials > 1 ? text : 1;
  if (/^[1-9]\d*$/.test(text)) return Math.min(Number(text), Math.max(1, trials));
  throw new ChaosError("usage", `--jobs ${text}: expected a whole number from 1 on, or "auto"`);
}

/** An option that is a duration, ms; without end where it is not given. */
export function readDuration(option: string, text: string | undefined): number {
  const duration = text === undefined ? Number.POSITIVE_INFINITY : parseDuration(text);
  if (duration !== undefined && duration > 0) return duration;
  throw new ChaosError("usage", `${option} ${text}: expected a duration with a unit, like "30m"`);
}

/** One runner of several, counted from 1. */
export interface Shard {
  index: number;
  count: number;
}

/** "2/4" → the second of four; "1/1" for a runner that is alone. @throws ChaosError usage */
export function readShard(text = "1/1"): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || index < 1 || index > count) {
    throw new ChaosError("usage", `--shard ${text}: expected i/n with 1 <= i <= n, like 2/4`);
  }
  return { index, count };
}
