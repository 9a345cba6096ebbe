import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { workloadNamed } from "../load/workloads/registry.ts";

const ANSWER_MS = 5_000;
/** Commands that take no argument: with one they are refused by a server that knows them. */
const ALONE = ["MULTI", "EXEC", "DISCARD"];
/** "ERR unknown command 'EVAL', with args beginning with: ", "ERR unknown or unsupported command 'EVAL'" */
export const UNKNOWN_COMMAND = /unknown (or unsupported )?command/i;

/**
 * A server that does not know a command of a load is found out before anything is loaded, not by every one of its operations.
 * @throws ChaosError infrastructure naming load, command and the server's answer
 */
export async function checkCommands(
  cluster: Pick<Cluster, "topology" | "node">,
  loads: readonly Pick<LoadSpec, "name" | "workload" | "wait">[],
  signal: AbortSignal,
): Promise<void> {
  const [master] = cluster.topology.masters;
  if (master === undefined) return;
  const asked = new Set<string>();
  for (const { name, workload, wait } of loads) {
    for (const command of [...(workloadNamed(workload).needs ?? []), ...(wait ? ["WAIT"] : [])]) {
      if (asked.has(command)) continue;
      asked.add(command);
      const answer = await refusal(cluster, master, command, signal);
      if (answer === null) continue;
      throw new ChaosError("infrastructure", `the load ${name} needs ${command}: ${answer}`, {
        hint: "Take another workload (or its `wait` out of the experiment), or an image whose server knows the command.",
      });
    }
  }
}

/** What a server says that does not know the command; null: it knows it, or says nothing of it. */
async function refusal(
  cluster: Pick<Cluster, "node">,
  node: string,
  command: string,
  signal: AbortSignal,
): Promise<string | null> {
  // In a form that does nothing: for want of arguments, or for one too many.
  const argv = ALONE.includes(command) ? [command, "?"] : [command];
  try {
    await cluster.node(node).admin(argv, { within: ANSWER_MS, signal });
    return null;
  } catch (error) {
    signal.throwIfAborted();
    const message = messageOf(error);
    return UNKNOWN_COMMAND.test(message) ? message : null;
  }
}
