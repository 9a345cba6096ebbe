import { getSet } from "./get-set.ts";
import { hset } from "./hset.ts";
import { incr } from "./incr.ts";
import { lpush } from "./lpush.ts";
import { set } from "./set.ts";
import type { Workload } from "./workload.ts";
import { zadd } from "./zadd.ts";

/** Every workload there is, by name. */
export const workloads: ReadonlyMap<string, Workload> = new Map(
  [set, getSet, incr, zadd, lpush, hset].map((workload) => [workload.name, workload]),
);
