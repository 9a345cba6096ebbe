import { maybe, time, weighted } from "./chance.ts";
import type { Ground } from "./faults.ts";

/**
 * When a drawn fault starts: rather in a state than at a time, since bugs live in states. What waits for a state that never comes does
 * nothing, so that some go by the clock.
 * @param others ids of faults that it may follow
 * @param length of the chaos phase, ms
 */
export function drawTrigger(ground: Ground, others: readonly string[], length: number): Record<string, unknown> {
  const { random, replicas } = ground;
  const kind = weighted(random, [
    ["after", others.length > 0 ? 4 : 0],
    ["state", replicas.length > 0 ? 3 : 0],
    ["at", 3],
    ["every", 1],
  ]);
  if (kind === "after") return { after: random.pick(others), delay: time(random, 1, 500) };
  if (kind === "every")
    return { every: time(random, 50, 1_500), count: random.int(2, 8), start: time(random, 100, length / 3) };
  if (kind === "at") return { at: time(random, 100, length * 0.7) };
  const state = weighted(random, [
    ["full-sync", 4],
    ["link-down", 3],
    ["link-up", 1],
    ["loading", 1],
  ]);
  const progress =
    state === "full-sync" && ground.system === "kvrocks" && maybe(random, 0.5)
      ? { progress: `${random.int(1, 9) * 10}%` }
      : {};
  const when = { node: random.pick([...replicas, "replica"]), state, ...progress };
  return { when, delay: time(random, 1, 500), ...(maybe(random, 0.3) && { count: random.int(2, 4) }) };
}
