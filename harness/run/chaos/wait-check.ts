import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { PlacedLoad } from "../load-targets.ts";

const WAIT_MS = 5_000;

/**
 * A server that does not know WAIT is found out before the load, not by every one of its writes.
 * @throws ChaosError infrastructure naming load and server's answer
 */
export async function checkWait(
  cluster: Pick<Cluster, "topology" | "node">,
  loads: readonly Pick<PlacedLoad, "spec">[],
  signal: AbortSignal,
): Promise<void> {
  const waiting = loads.find(({ spec }) => spec.wait);
  const [master] = cluster.topology.masters;
  if (!waiting || master === undefined) return;
  try {
    // For no replica: answered at once.
    await cluster.node(master).admin(["WAIT", "0", "1"], { within: WAIT_MS, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new ChaosError("infrastructure", `the load ${waiting.spec.name} needs WAIT: ${messageOf(error)}`, {
      hint: 'Take "wait" out of the experiment, or an image whose server knows the command.',
      cause: error,
    });
  }
}
