import { type ComposeFile, parseComposeFile, readComposeFile } from "../../docker/compose.ts";
import type { Topology } from "../../journal/topology.ts";
import { SYSTEM_NAMES } from "../../systems/system.ts";
import { composeText } from "./compose-text.ts";

/** How messages name the file that is made of a topology: a run's folder holds it by that name. */
export const MADE_FILE = "compose.yaml";

/** So many made files are kept, of the topologies that were asked for last. */
const KEPT = 32;
/** By text and variables: a plan asks for the same one several times, and to read it takes most of a plan's time. */
const kept = new Map<string, ComposeFile>();

/**
 * The Compose file that an experiment names, or that is made of the topology that it says.
 * @param cluster absolute path, or the topology
 * @param variables what `docker compose` would take from the environment
 * @returns one of a topology may be somebody else's too: it is not changed
 */
export async function composeOf(
  cluster: string | Topology,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<ComposeFile> {
  const options = { systems: SYSTEM_NAMES };
  if (typeof cluster === "string") return readComposeFile(cluster, variables, options);
  const text = composeText(cluster);
  const key = JSON.stringify([text, variables]);
  const compose = kept.get(key) ?? parseComposeFile(MADE_FILE, text, variables, options);
  kept.delete(key);
  kept.set(key, compose);
  for (const oldest of kept.keys()) if (kept.size > KEPT) kept.delete(oldest);
  return compose;
}
