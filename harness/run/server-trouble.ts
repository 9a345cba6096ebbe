import { ChaosError } from "../base/chaos-error.ts";
import { until } from "../base/deadline.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import type { Emit, NodeState } from "../journal/events.ts";
import type { NodeVerdict } from "../watchdog/watchdog.ts";

/**
 * A server ended, or hung for longer than anybody waits, before the first fault: the run ends here, and the checks say what it was.
 * It is about the server, so it is no error of the run's.
 */
export class ServerTrouble extends ChaosError {
  /** Who tells of it, beside no-crash and no-hang. */
  readonly checks: readonly string[];

  /** @param verdict the watchdog's last word; null: the engine told of the end before anything was watched */
  constructor(verdict: NodeVerdict | null, what?: string, checks: readonly string[] = []) {
    const said =
      what ?? (verdict ? `${verdict.node} is ${verdict.condition}: ${verdict.why}` : "a server is in trouble");
    super("infrastructure", `${said}, before the first fault`);
    this.checks = checks;
  }
}

/** To say how it is linked. */
const LINK_MS = 2_000;
/** So long a replica must be seen in a dead end, after all the time that it had to attach: nobody who is slow is taken for it. */
const DEAD_END_MS = 10_000;

/**
 * Replicas that have not come to follow their masters in the set-up's time are journaled, for the checks to tell, where the servers
 * are the cause: of several images they may not go together, and of one image a replica may say itself that it is where it never
 * goes on from. Rejects in any case: with ServerTrouble where it was that, else with the error of the set-up.
 */
export async function tellUnattached(
  { emit, signal }: { emit: Emit; signal: AbortSignal },
  cluster: Pick<RunningCluster, "topology" | "node">,
  error: unknown,
  deadEndMs = DEAD_END_MS,
): Promise<never> {
  signal.throwIfAborted();
  const unlinked: string[] = [];
  for (const [name, master] of Object.entries(cluster.topology.replicaOf)) {
    const node = cluster.node(name);
    const state = await node.state({ within: LINK_MS, signal }).catch(() => null);
    if (state === null || state.link === "up" || state.loading) continue;
    const { image, system } = node.server;
    const other = cluster.node(master);
    const masterImage = other.server.image;
    // Of a master that does not answer it is no wonder.
    const isStuck = async (): Promise<boolean> =>
      (await staysIn(system.deadEnd, node, { within: deadEndMs, signal })) &&
      (await other.state({ within: LINK_MS, signal }).catch(() => null)) !== null;
    if (image === masterImage && !(await isStuck())) continue;
    emit({ type: "unattached", node: name, image, master, masterImage, link: linkOf(state) });
    unlinked.push(name);
  }
  if (unlinked.length === 0) throw error;
  throw new ServerTrouble(null, `${unlinked.join(", ")}: not linked`, ["replication-progress"]);
}

const linkOf = ({ link, linkDetail }: NodeState): string => (linkDetail ? `${link} (${linkDetail})` : String(link));

/** Does a replica say all the time that it is in a dead end? One that does not answer is something else. */
async function staysIn(
  deadEnd: RegExp | undefined,
  node: Pick<ReturnType<RunningCluster["node"]>, "state">,
  { within, signal }: { within: number; signal: AbortSignal },
): Promise<boolean> {
  if (deadEnd === undefined) return false;
  return until({ what: "a way out", within, signal, first: 10, every: 500 }, async (inner) => {
    const said = await node.state({ within: LINK_MS, signal: inner }).catch(() => null);
    return !deadEnd.test(said?.linkDetail ?? "");
  }).then(
    () => false,
    () => {
      signal.throwIfAborted();
      return true;
    },
  );
}
