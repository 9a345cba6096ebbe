import { type ComposeFile, parseComposeFile, readComposeFile } from "../../docker/compose.ts";
import type { Topology } from "../../journal/topology.ts";
import { SYSTEM_NAMES } from "../../systems/system.ts";
import { composeText } from "./compose-text.ts";

/** How messages name the file that is made of a topology: a run's folder holds it by that name. */
export const MADE_FILE = "compose.yaml";

/**
 * The Compose file that an experiment names, or that is made of the topology that it says.
 * @param cluster absolute path, or the topology
 * @param variables what `docker compose` would take from the environment
 */
export async function composeOf(
  cluster: string | Topology,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<ComposeFile> {
  const options = { systems: SYSTEM_NAMES };
  if (typeof cluster === "string") return readComposeFile(cluster, variables, options);
  return parseComposeFile(MADE_FILE, composeText(cluster), variables, options);
}
