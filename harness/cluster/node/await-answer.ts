import { ChaosError } from "../../base/chaos-error.ts";
import { until, type WaitLimits } from "../../base/deadline.ts";
import type { Argv } from "../../systems/system.ts";
import { isOpen } from "../dial/is-open.ts";
import type { Address, ContainerNodeOptions, ContainerState } from "./node-options.ts";

const READY_MS = 30_000;
/** A server that takes connections and gives no answer for so long does not merely start. */
const SILENT_MS = 8_000;

interface Asked extends Pick<ContainerNodeOptions, "name" | "role"> {
  readonly inside: Address;
  admin(argv: Argv, limits: WaitLimits): Promise<unknown>;
  inspect(): Promise<ContainerState>;
  pid(): number | null;
}

/**
 * Resolves when the server answers PING, restoring or not; a helper, when its port is open. @returns how its container is once it has
 * ended, which will not answer; null: it answers
 * @param onSilence called, perhaps more than once, when it takes connections, but has long given no answer on any
 */
export async function awaitAnswer(
  node: Asked,
  { within = READY_MS, signal }: WaitLimits,
  onSilence?: () => void,
): Promise<ContainerState | null> {
  const { name, role, inside } = node;
  const what = role === "helper" ? `port ${inside.port} to be open` : `an answer of node ${name} to PING`;
  let silentSince: number | null = null;
  const ended = await until({ what, within, signal, first: 5 }, async (inner) => {
    try {
      if (role !== "helper") await node.admin(["PING"], { within: 1_000, signal: inner });
      else if (!isOpen(node.pid(), inside.port)) throw new ChaosError("infrastructure", "it is closed");
      return "answers";
    } catch (error) {
      // A server that has already ended will not answer: say so now instead of at the deadline.
      const state = await node.inspect();
      if (!state.running) return state;
      const isSilent = error instanceof ChaosError && error.code === "timeout";
      silentSince = isSilent ? (silentSince ?? performance.now()) : null;
      if (silentSince !== null && performance.now() - silentSince >= SILENT_MS) onSilence?.();
      throw error;
    }
  });
  return ended === "answers" ? null : ended;
}
