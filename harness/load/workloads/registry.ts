import { ChaosError } from "../../base/chaos-error.ts";
import { commands } from "./commands.ts";
import { counter } from "./counter.ts";
import { getSet } from "./get-set.ts";
import { hset } from "./hset.ts";
import { incr } from "./incr.ts";
import { lpush } from "./lpush.ts";
import { multiKey } from "./multi-key.ts";
import { queue } from "./queue.ts";
import { script } from "./script.ts";
import { set } from "./set.ts";
import { setRandom } from "./set-random.ts";
import { stream } from "./stream.ts";
import { transaction } from "./transaction.ts";
import type { Workload } from "./workload.ts";
import { zadd } from "./zadd.ts";

const all = new Map(
  [
    set,
    getSet,
    incr,
    zadd,
    lpush,
    hset,
    counter,
    transaction,
    script,
    multiKey,
    setRandom,
    queue,
    stream,
    commands,
  ].map((workload: Workload): [string, Workload] => [workload.name, workload]),
);

/** Every workload there is, by name. */
export const workloads: ReadonlyMap<string, Workload> = all;

/** One more, of the user's own. */
export const addWorkload = (workload: Workload): void => void all.set(workload.name, workload);

/** @throws ChaosError invalid-experiment: there is none of that name */
export function workloadNamed(name: string): Workload {
  const workload = workloads.get(name);
  if (workload) return workload;
  throw new ChaosError("invalid-experiment", `there is no workload "${name}"`, {
    hint: `Use one of: ${[...workloads.keys()].join(", ")}.`,
  });
}
