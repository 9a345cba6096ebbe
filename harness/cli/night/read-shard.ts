import { ChaosError } from "../../base/chaos-error.ts";

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
