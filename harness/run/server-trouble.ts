import { ChaosError } from "../base/chaos-error.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import type { Emit } from "../journal/events.ts";
import type { NodeVerdict } from "../watchdog/watchdog.ts";
import type { RunOptions } from "./run-options.ts";

/**
 * A server ended, or hung for longer than anybody waits, before the first fault: the run ends here, and the checks say what it was.
 * It is about the server, so it is no error of the run's.
 */
export class ServerTrouble extends ChaosError {
  /** @param verdict the watchdog's last word; null: the engine told of the end before anything was watched */
  constructor(verdict: NodeVerdict | null, what?: string) {
    const said =
      what ?? (verdict ? `${verdict.node} is ${verdict.condition}: ${verdict.why}` : "a server is in trouble");
    super("infrastructure", `${said}, before the first fault`);
  }
}

/** To say how it is linked. */
const LINK_MS = 2_000;

/**
 * Servers of several images may not go together: which replicas have not come to follow their masters is journaled, for the
 * checks to tell. Rejects in any case: with ServerTrouble where it was that, else with the error of the set-up.
 */
export async function tellUnattached(
  { emit, signal, options }: { emit: Emit; signal: AbortSignal; options: Pick<RunOptions, "plan"> },
  cluster: Pick<RunningCluster, "topology" | "node">,
  error: unknown,
): Promise<never> {
  signal.throwIfAborted();
  const isMixed = options.plan.experiment.images.nodes !== undefined;
  const unlinked: string[] = [];
  for (const [name, master] of Object.entries(isMixed ? cluster.topology.replicaOf : {})) {
    const node = cluster.node(name);
    const state = await node.state({ within: LINK_MS, signal }).catch(() => null);
    if (state === null || state.link === "up" || state.loading) continue;
    const link = state.linkDetail ? `${state.link} (${state.linkDetail})` : String(state.link);
    const [image, masterImage] = [node.server.image, cluster.node(master).server.image];
    // Of one image they go together: it is something else.
    if (image === masterImage) continue;
    emit({ type: "unattached", node: name, image, master, masterImage, link });
    unlinked.push(name);
  }
  throw unlinked.length === 0 ? error : new ServerTrouble(null, `${unlinked.join(", ")}: not linked`);
}
