import type { NodeSpec } from "../../cluster/spec.ts";
import type { WatchdogSettings } from "../../journal/plan.ts";
import type { System } from "../../systems/system.ts";
import { ASK_STEP } from "../observation.ts";

/** Where several threads serve connections one of them may hang: so many lie on most of them, and NodeCover adds what is missing. */
export const MOST_CONNECTIONS = 16;
/** One thread answers all of them or none, and two tell that one hangs alone. */
const OF_ONE_THREAD = 4;

/**
 * Established probe connections per node, where an experiment does not say how many. Always enough for a question every 125 ms, so that
 * silence is heard as fast.
 */
export function probeConnections(
  { oneThread }: Pick<System, "oneThread">,
  nodes: readonly Pick<NodeSpec, "config" | "service">[],
  { interval }: Pick<WatchdogSettings, "interval">,
): number {
  // A command of the Compose file's may say what its configuration does not.
  const alone = nodes.every(({ config, service }) => !service.command && !service.entrypoint && oneThread?.(config));
  return alone ? Math.min(MOST_CONNECTIONS, Math.max(OF_ONE_THREAD, Math.ceil(interval / ASK_STEP))) : MOST_CONNECTIONS;
}
